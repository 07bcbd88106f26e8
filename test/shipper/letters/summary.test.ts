import { describe, expect, test } from '@jest/globals'
import { type Letter } from '../../../shipper/letters/letter.ts'
import { createSumming, shown } from '../../../shipper/letters/summary.ts'

const letter = (offset: number, more: Partial<Letter> = {}): Letter => ({
  id: BigInt(offset),
  key: null,
  value: Buffer.from(`line ${offset}`),
  reason: 'bad_request',
  detail: 'HTTP 400: too old',
  topic: 'logs',
  partition: '0',
  offset: String(offset),
  isCut: false,
  writtenMs: 1_700_000_000_000 + offset,
  ...more,
})
const waiting = (letters: Letter[], copies: Letter[] = []) => ({ partition: 0, letters, copies })

describe('the summary', () => {
  test('counts all, by reason, and keeps the newest in their order', () => {
    const summing = createSumming(3)
    summing.add(
      waiting(
        [letter(1), letter(2, { reason: 'too_large' })],
        [letter(1), letter(2, { reason: 'too_large' })],
      ),
    )
    summing.add(waiting([letter(3)], [letter(2, { reason: 'too_large' })]))
    summing.add(waiting([]))
    summing.add(waiting([letter(4)]))
    const { newest, ...counts } = summing.summary()
    expect(counts).toEqual({
      letters: 4,
      copies: 3,
      byReason: new Map([
        ['bad_request', 3],
        ['too_large', 1],
      ]),
    })
    expect(newest.map(({ offset, copies }) => [offset, copies])).toEqual([
      ['2', 2],
      ['3', 0],
      ['4', 0],
    ])
  })

  test('is of one reason where that is asked for, and shows none where none is', () => {
    const some = createSumming(5, 'too_large')
    const none = createSumming(0)
    for (const each of [some, none]) each.add(waiting([letter(1), letter(2, { reason: 'too_large' })]))
    expect(some.summary()).toMatchObject({ letters: 1, newest: [{ offset: '2' }] })
    expect(none.summary()).toMatchObject({ letters: 2, newest: [] })
  })
})

describe('a letter as it is shown', () => {
  test('has the start of its line, its size, and nothing that steers a terminal', () => {
    const value = Buffer.from(`\u001b[2J${'é'.repeat(500)}`)
    const names = { topic: 'a\u0007b', detail: 'HTTP 400:\n\u001b]0;x' }
    const text = shown(letter(1, { value, ...names }))
    expect(text).toMatchObject({ sizeBytes: 1_004, topic: 'a�b', detail: 'HTTP 400: �]0;x' })
    expect(text.line).toBe(`�[2J${'é'.repeat(156)}…`)
    expect(JSON.stringify(text)).not.toContain('\\u00')
  })

  test('says when it was set aside, and null where nobody knows where it came from', () => {
    expect(
      shown(letter(1, { topic: undefined, partition: undefined, offset: undefined, writtenMs: -1 })),
    ).toMatchObject({
      written: '1970-01-01T00:00:00.000Z',
      topic: null,
      partition: null,
      offset: null,
    })
  })
})

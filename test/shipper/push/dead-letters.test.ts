import { expect, test } from '@jest/globals'
import { type DecodedRecord } from '../../../kafka/decoded-record.ts'
import { type Refused, type WriterRecord } from '../../../kafka/writer/writer.ts'
import { HEADER, TOPIC } from '../../../log/names.ts'
import { sendToDeadLetters } from '../../../shipper/push/dead-letters.ts'

const place = { topic: 'logs', partition: 2 }
const letter = (offset: string) =>
  ({ key: Buffer.from('k'), value: Buffer.from(`value ${offset}`), offset }) as unknown as DecodedRecord

/** Writes to a writer that remembers, and refuses the first record or none. */
async function sent(detail: string, refuses: boolean): Promise<WriterRecord[]> {
  const written: WriterRecord[] = []
  const writer = {
    async write<Each extends WriterRecord>(records: readonly Each[]) {
      written.push(...records)
      const refused: Refused<Each>[] = refuses
        ? records.slice(0, 1).map((record) => ({ record, sizeBytes: 300, maxBytes: 100 }))
        : []
      return { stored: [], refused }
    },
  }
  await sendToDeadLetters(writer, place, [letter('7'), letter('8')], { reason: 'too_old', detail })
  return written
}

test('letters go in one call, may be cut, and say where they are from and why', async () => {
  const [first, second] = await sent('x'.repeat(9_000), false)
  expect(first).toEqual({
    ...{ topic: TOPIC.deadLetters, ifTooLarge: 'cut', key: Buffer.from('k'), value: Buffer.from('value 7') },
    headers: {
      [HEADER.reason]: 'too_old',
      [HEADER.detail]: 'x'.repeat(4_096),
      [HEADER.topic]: 'logs',
      [HEADER.partition]: '2',
      [HEADER.offset]: '7',
    },
  })
  expect(second?.headers?.[HEADER.offset]).toBe('8')
})

test('a topic that takes not even a cut letter is an error that says so', async () => {
  await expect(sent('', true)).rejects.toMatchObject({
    code: 'KAFKA_FAILED',
    message: expect.stringContaining('max.message.bytes is 100'),
  })
})

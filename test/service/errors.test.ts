import { describe, expect, test } from '@jest/globals'
import {
  type Details,
  ERRORS,
  type ErrorCode,
  reasonOf,
  VigieError,
  vigieError,
  whereOf,
} from '../../service/errors.ts'

const codes = Object.keys(ERRORS) as ErrorCode[]
const placeholdersOf = (code: ErrorCode): string[] =>
  [...ERRORS[code].says.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
const detailsOf = (code: ErrorCode): Details<ErrorCode> =>
  Object.fromEntries(placeholdersOf(code).map((name) => [name, `<${name}>`])) as Details<ErrorCode>

describe.each(codes)('%s', (code) => {
  const { says, exit, canRetry } = ERRORS[code]

  test('is a sentence that ends in punctuation, or in what somebody else says', () => {
    expect(says).toMatch(/^[A-Z{]/)
    expect(says).toMatch(/([.?]|\{(problems?|tools|log|state)\})$/)
    expect(says).not.toMatch(/ {2}|\s$/)
  })

  test('exits with 1 or 2, and says whether a retry may help', () => {
    expect([1, 2]).toContain(exit)
    expect(typeof canRetry).toBe('boolean')
    // What people have to mend first cannot be mended by trying again.
    if (exit === 2) expect(canRetry).toBe(false)
  })

  test('has every placeholder filled in', () => {
    const error = vigieError(code, detailsOf(code))
    expect(error.message).not.toMatch(/[{}]|undefined/)
    for (const name of placeholdersOf(code)) expect(error.message).toContain(`<${name}>`)
    expect(error).toMatchObject({ name: 'VigieError', code, exitCode: exit, canRetry })
  })
})

describe('vigieError', () => {
  test('takes details as they are, whatever they contain', () => {
    for (const problem of ['{uri}', '$& $1 $$', 'a\\nb'])
      expect(vigieError('INPUT_UNREADABLE', { uri: 'logs.json', problem }).message).toBe(
        `logs.json cannot be read: ${problem}`,
      )
  })

  test('keeps its cause, and has none when there is none', () => {
    const cause = new Error('EACCES')
    expect(vigieError('USAGE', { problem: 'x' }, cause).cause).toBe(cause)
    expect('cause' in vigieError('USAGE', { problem: 'x' })).toBe(false)
    expect(vigieError('USAGE', { problem: 'x' })).toBeInstanceOf(VigieError)
  })

  test('takes numbers', () => {
    expect(vigieError('STACK_BUSY', { pid: 12, seconds: 0 }).message).toContain('(pid 12)')
  })
})

describe('whereOf', () => {
  test('names one place in Vigie, and no path of a machine', () => {
    const error = new TypeError('x is not a function')
    error.stack = `TypeError: x is not a function
    at Array.map (<anonymous>)
    at next (/home/someone/vigie/node_modules/kafkajs/dist/index.js:4:1)
    at deliver (file:///home/someone/vigie/dist/shipper/lane/lane.js:45:12)`
    expect(whereOf(error)).toBe(' (shipper/lane/lane.js:45)')
  })

  test('says nothing where the stack does not', () => {
    const bare = new Error('x')
    bare.stack = ''
    expect([whereOf(bare), whereOf('x'), whereOf(undefined)]).toEqual(['', '', ''])
  })
})

describe('reasonOf', () => {
  const withCode = Object.assign(new Error(''), { code: 'ECONNREFUSED' })
  test.each([
    ['the message', new Error('the disk is gone'), 'the disk is gone'],
    ['its first line only', new Error('bad gateway\n    at foo.js:1'), 'bad gateway'],
    ['the code when there is no message', withCode, 'ECONNREFUSED'],
    ['the name when there is neither', new TypeError(), 'TypeError'],
    [
      'the first error of several',
      new AggregateError([new Error('::1 refused'), new Error('b')], 'all'),
      '::1 refused',
    ],
    ['also several levels down', new AggregateError([new AggregateError([withCode])]), 'ECONNREFUSED'],
    ['its own words when several are none', new AggregateError([], 'nothing worked'), 'nothing worked'],
    ['a string that was thrown', 'boom', 'boom'],
    ['undefined', undefined, 'undefined'],
  ])('%s', (_, error, expected) => {
    expect(reasonOf(error)).toBe(expected)
  })
})

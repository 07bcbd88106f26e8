import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  formatGoDuration,
  formatModelDuration,
  parseGoDuration,
  parseLogqlDuration,
  parseModelDuration,
} from '../../logql/durations.ts'
import { formatNumber, formatPlainNumber } from '../../logql/numbers.ts'
import { formatSize } from '../../logql/sizes.ts'
import { quote, unquote } from '../../logql/strings.ts'
import { parseBytes, parseNumber } from '../../logql/values.ts'

// What Go does was asked of Go 1.26 itself.
describe('strings', () => {
  it.each([
    ['\u00a0', '"\\u00a0"'],
    ['\u200b', '"\\u200b"'],
    ['\ufffd', '"\ufffd"'],
    ['\ue000', '"\\ue000"'],
    ['e\u0301', '"e\u0301"'],
    ['🚀', '"🚀"'],
    ['\x7f', '"\\x7f"'],
    ['\u{e0001}', '"\\U000e0001"'],
    ['a"b\\c\n\t\x07', '"a\\"b\\\\c\\n\\t\\a"'],
  ])('are quoted as Go quotes them: %j', (text, expected) => {
    expect(quote(text)).toBe(expected)
  })

  it.each([
    ['"\\xff"', '\ufffd'],
    ['"\\303\\251"', 'é'],
    ['`a\rb`', 'ab'],
    ['"a\tb"', 'a\tb'],
    ['"\\400"', undefined],
    ['"\\\'"', undefined],
    ['"\\ud800"', undefined],
    ['"\\U00110000"', undefined],
    ['"\\8"', undefined],
    ['"a"b"', undefined],
    ['"a\nb"', undefined],
    ['"a', undefined],
    ['"', undefined],
    ["'a'", undefined],
    ['', undefined],
  ])('are read as Go reads them: %j', (literal, expected) => {
    expect(unquote(literal)).toBe(expected)
  })

  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary-ascii' })), (text) => {
        expect(unquote(quote(text))).toBe(text)
      }),
    )
  })
})

describe('durations', () => {
  it.each([
    ['1h2m3.5s', '1h2m3.5s'],
    ['-250us', '-250µs'],
    ['1.5h', '1h30m0s'],
    ['.5s', '500ms'],
    ['1.s', '1s'],
    ['1m1h', '1h1m0s'],
    ['0', '0s'],
    ['+5s', '5s'],
    ['1.0000000000000000001h', '1h0m0s'],
    ['0.3333333333333333333h', '20m0s'],
    ['9223372036854775807ns', '2562047h47m16.854775807s'],
    ['-9223372036854775808ns', '-2562047h47m16.854775808s'],
  ])('are read and written as Go does: %s', (text, expected) => {
    const parsed = parseGoDuration(text)
    expect('ns' in parsed ? formatGoDuration(parsed.ns) : parsed).toBe(expected)
  })

  it.each([
    ['', 'time: invalid duration ""'],
    ['-', 'time: invalid duration "-"'],
    ['.s', 'time: invalid duration ".s"'],
    ['5', 'time: missing unit in duration "5"'],
    ['5 s', 'time: unknown unit " s" in duration "5 s"'],
    ['1y', 'time: unknown unit "y" in duration "1y"'],
    ['1"µ\\', 'time: unknown unit "\\"\\xc2\\xb5\\\\" in duration "1\\"\\xc2\\xb5\\\\"'],
    ['9223372036854775808ns', 'time: invalid duration "9223372036854775808ns"'],
    [`${'9'.repeat(1000)}h`, `time: invalid duration "${'9'.repeat(1000)}h"`],
  ])('are refused in the words of Go: %s', (text, problem) => {
    expect(parseGoDuration(text)).toEqual({ problem })
  })

  it.each([
    ['1y1w1d1h1m1s1ms', '373d1h1m1s1ms'],
    ['14d', '2w'],
    ['15d', '15d'],
    ['730d', '2y'],
    ['75m', '1h15m'],
    ['0', '0s'],
  ])('are read and written as Prometheus does: %s', (text, expected) => {
    const parsed = parseModelDuration(text)
    expect('ns' in parsed ? formatModelDuration(parsed.ns) : parsed).toBe(expected)
  })

  it.each([
    ['', 'empty duration string'],
    ['5', 'not a valid duration string: "5"'],
    ['m', 'not a valid duration string: "m"'],
    ['1m1h', 'not a valid duration string: "1m1h"'],
    ['5x', 'unknown unit "x" in duration "5x"'],
    ['300y', 'duration out of range'],
  ])('are refused in the words of Prometheus: %s', (text, problem) => {
    expect(parseModelDuration(text)).toEqual({ problem })
  })

  it('may be either in LogQL', () => {
    expect(parseLogqlDuration('-1d')).toEqual({ ns: -86_400_000_000_000n })
    expect(parseLogqlDuration('1.5s')).toEqual({ ns: 1_500_000_000n })
    expect(parseLogqlDuration('5x')).toEqual({ problem: 'unknown unit "x" in duration "5x"' })
  })

  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), (ns) => {
        expect(parseGoDuration(formatGoDuration(ns))).toEqual({ ns })
      }),
    )
  })
})

describe('sizes', () => {
  it.each([
    ['1.5MiB', 1_572_864],
    ['12KB', 12_000],
    ['12 kb', 12_000],
    ['42', 42],
    ['1,024b', 1024],
    ['2G', 2e9],
    ['0.5KiB', 512],
    ['1.7b', 1],
    ['', undefined],
    ['KB', undefined],
    ['1..5KB', undefined],
    ['5parsecs', undefined],
    ['100EiB', undefined],
    ['-1KB', undefined],
  ])('are read as humanize reads them: %s', (text, bytes) => {
    expect(parseBytes(text).value).toBe(bytes)
  })

  it.each([
    [0, '0B'],
    [9, '9B'],
    [10, '10B'],
    [999, '999B'],
    [1000, '1.0kB'],
    [1_000_000, '1.0MB'],
    [82_854_982, '83MB'],
    [9_949, '9.9kB'],
    [10_500, '10kB'],
    [1e18, '1.0EB'],
  ])('are written as humanize writes them: %s', (bytes, expected) => {
    expect(formatSize(bytes)).toBe(expected)
  })
})

describe('numbers', () => {
  it.each([
    ['1_000', 1000],
    ['1_0e1_0', 1e11],
    ['0x1.8p1', 3],
    ['0x_1p4', 16],
    ['0x0p99999', 0],
    ['-Inf', Number.NEGATIVE_INFINITY],
    ['nan', Number.NaN],
    ['+nan', undefined],
    ['1__0', undefined],
    ['_1', undefined],
    ['1_', undefined],
    ['1_e5', undefined],
    ['0x10', undefined],
    ['1e400', undefined],
    ['0x1p2000', undefined],
    ['', undefined],
  ])('are read as Go reads them: %s', (text, value) => {
    expect(parseNumber(text).value).toBe(value)
  })

  it.each([
    [100_000, '100000', '100000'],
    [1e6, '1e+06', '1000000'],
    [1_234_567.5, '1.2345675e+06', '1234567.5'],
    [999_999.9, '999999.9', '999999.9'],
    [0.0001, '0.0001', '0.0001'],
    [-0.00012, '-0.00012', '-0.00012'],
    [1e-5, '1e-05', '0.00001'],
    [1e21, '1e+21', '1000000000000000000000'],
    [0, '0', '0'],
    [-1.5e20, '-1.5e+20', '-150000000000000000000'],
  ])('are written as Go writes them: %s', (value, short, plain) => {
    expect(formatNumber(value)).toBe(short)
    expect(formatPlainNumber(value)).toBe(plain)
  })

  it('need not be finite', () => {
    expect([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(formatNumber)).toEqual([
      'NaN',
      '+Inf',
      '-Inf',
    ])
  })
})

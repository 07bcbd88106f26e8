import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { formatGoDuration } from '../../../logql/durations.ts'
import { LogqlError } from '../../../logql/error.ts'
import { unquote } from '../../../logql/strings.ts'
import { decodeBase64 } from '../../../logql/template/base64.ts'
import { civilOf, timeOf } from '../../../logql/template/civil.ts'
import { parseDuration } from '../../../logql/template/duration.ts'
import { formatTime } from '../../../logql/template/layout.ts'
import { compileLineTemplate } from '../../../logql/template/line.ts'
import { sprintf } from '../../../logql/template/printf.ts'
import { parseTime } from '../../../logql/template/time-parse.ts'
import { loadZone, UTC } from '../../../logql/template/zone.ts'

const context = { label: () => undefined, labels: () => new Map(), line: () => '', timeNs: () => 0n }

/** Texts that look like templates. */
const templateLike = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '{{',
        '}}',
        '{{-',
        ' -}}',
        'if ',
        'else',
        'end',
        'range ',
        'with ',
        'define "a"',
        '/*',
        '*/',
      ),
      fc.constantFrom(
        '$x',
        ':=',
        '=',
        '|',
        '(',
        ')',
        '.',
        '.a',
        '"s"',
        '`r`',
        "'c'",
        '1',
        '-1.5e3',
        'nil',
        ' ',
        ',',
      ),
      fc.constantFrom(
        'template "a"',
        'block "b" .',
        'break',
        'printf "%5d"',
        'eq',
        'index',
        'fromJson',
        'trunc',
      ),
      fc.string({ maxLength: 3 }),
    ),
    { maxLength: 25 },
  )
  .map((parts) => parts.join(''))

const instants = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n })
const zones = fc
  .constantFrom('UTC', 'Europe/Paris', 'America/New_York', 'Asia/Kolkata')
  .map((name) => loadZone(name) ?? UTC)

describe('templates', () => {
  it('never fail but with an error of the language', () => {
    fc.assert(
      fc.property(templateLike, (text) => {
        try {
          compileLineTemplate(text)(context)
        } catch (error) {
          expect(error).toBeInstanceOf(LogqlError)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('leave a text without actions as it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('{{'))
        expect(compileLineTemplate(text)(context)).toBe(text)
      }),
    )
  })
})

describe('what is written can be read again', () => {
  it('quoted texts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom('%q', '%+q', '%#q'), (text, format) => {
        expect(unquote(sprintf(format, [text]))).toBe(text)
      }),
    )
  })

  it('floats', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(sprintf('%v', [value]))).toBe(value)
        expect(Number(sprintf('%.17g', [value]))).toBe(value)
        expect(Number(sprintf('%.16e', [value]))).toBe(value)
      }),
    )
  })

  it('durations', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }), (ns) => {
        expect(parseDuration(formatGoDuration(ns))).toBe(ns)
      }),
    )
  })

  it('times, to the nanosecond and in any zone', () => {
    fc.assert(
      fc.property(instants, zones, (ns, zone) => {
        const layout = '2006-01-02T15:04:05.999999999Z07:00:00'
        const text = formatTime({ kind: 'time', ns, zone }, layout)
        expect(parseTime(layout, text, UTC)?.ns).toBe(ns)
      }),
    )
  })

  it('calendar dates', () => {
    fc.assert(
      fc.property(instants, (ns) => {
        expect(timeOf(civilOf({ kind: 'time', ns, zone: UTC }), UTC).ns).toBe(ns)
      }),
    )
  })

  it('base64', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(decodeBase64(Buffer.from(text).toString('base64'))).toBe(text)
      }),
    )
  })
})

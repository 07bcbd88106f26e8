import { execFileSync } from 'node:child_process'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { DEFAULT_ALIASES, FIELDS, withAliases } from '../../log/aliases.ts'
import { type LogLine, MAX_DURATION_SECONDS, MAX_LABEL_CHARACTERS, REJECT_REASONS } from '../../log/line.ts'
import { movedTo, type Normalised, normaliser, serialise, type Timed } from '../../log/normalise.ts'

const normalise = normaliser(DEFAULT_ALIASES)
const VALID = {
  debut: '2025-11-23T09:45:00.000Z',
  fin: '2025-11-23T09:45:30.500Z',
  duree: 30.5,
  etat: 'SUCCESS',
  source: 'crm',
  entreprise: 'acme',
  zone: 'eu-west',
}
/** The valid record with some fields changed; `undefined` leaves a field out. */
const record = (changes: Record<string, unknown>): Buffer =>
  Buffer.from(JSON.stringify({ ...VALID, ...changes }))

function lineOf(result: Normalised): LogLine {
  if ('rejection' in result) throw new Error(`rejected: ${JSON.stringify(result.rejection)}`)
  return result.line
}
function rejectionOf(result: Normalised): { reason: string; detail: string } {
  if ('rejection' in result) return result.rejection
  throw new Error(`taken: ${JSON.stringify(result.line)}`)
}
const reasonOf = (changes: Record<string, unknown>): string => rejectionOf(normalise(record(changes))).reason

describe('a record that keeps the contract', () => {
  test('is taken as it is, with its times in milliseconds', () => {
    const full = { ...VALID, cpu: 1.25, memoire: 64, description: '12 rows' }
    expect(normalise(Buffer.from(JSON.stringify(full)))).toEqual({
      line: full,
      startMs: Date.UTC(2025, 10, 23, 9, 45),
      endMs: Date.UTC(2025, 10, 23, 9, 45, 30, 500),
    })
  })

  test('a view into a larger buffer is read within its bounds', () => {
    const inner = record({})
    const around = Buffer.concat([Buffer.from('xx'), inner, Buffer.from('yy')])
    expect(lineOf(normalise(around.subarray(2, 2 + inner.length)))).toEqual(VALID)
  })

  test('unknown fields are kept, nested ones too', () => {
    const extras = { attempt: 3, host: { name: 'n1', tags: [null, 'a'] }, nothing: null }
    expect(lineOf(normalise(record(extras)))).toEqual({ ...VALID, ...extras })
  })

  test('values at their limits are taken', () => {
    const label = 'x'.repeat(MAX_LABEL_CHARACTERS)
    expect(lineOf(normalise(record({ source: label, cpu: 0, memoire: 0, description: '' })))).toMatchObject({
      source: label,
      cpu: 0,
      memoire: 0,
      description: '',
    })
    expect(lineOf(normalise(record({ duree: MAX_DURATION_SECONDS }))).duree).toBe(MAX_DURATION_SECONDS)
    expect(lineOf(normalise(record({ duree: 0, debut: VALID.fin }))).duree).toBe(0)
  })
})

describe('what is rejected, and why', () => {
  const raw: [string, Uint8Array][] = [
    ['not_json', Buffer.from('{"etat":')],
    ['not_json', Buffer.from('')],
    ['not_json', Buffer.from('GET /health 200')],
    ['not_an_object', Buffer.from('[1]')],
    ['not_an_object', Buffer.from('null')],
    ['not_an_object', Buffer.from('"etat"')],
    ['not_an_object', Buffer.from('42')],
    ['invalid_utf8', Buffer.from('{"source":"caf\xe9"}', 'latin1')],
    ['invalid_utf8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
  ]
  test.each(raw)('%s (case %#)', (reason, bytes) => {
    expect(rejectionOf(normalise(bytes)).reason).toBe(reason)
  })

  const changed: [string, Record<string, unknown>][] = [
    ['missing_field', { etat: undefined }],
    ['missing_field', { source: undefined }],
    ['missing_field', { entreprise: undefined }],
    ['missing_field', { zone: undefined }],
    ['missing_field', { zone: null }],
    ['missing_field', { fin: undefined, duree: undefined }],
    ['missing_field', { debut: undefined, duree: undefined }],
    ['missing_field', { debut: undefined, fin: undefined }],
    ['missing_field', { debut: undefined, fin: undefined, duree: undefined }],
    ['wrong_type', { source: 5 }],
    ['wrong_type', { entreprise: true }],
    ['wrong_type', { zone: ['eu'] }],
    ['wrong_type', { duree: '30.5' }],
    ['wrong_type', { cpu: '1' }],
    ['wrong_type', { memoire: {} }],
    ['wrong_type', { description: 7 }],
    ['empty_field', { source: '' }],
    ['empty_field', { entreprise: '' }],
    ['empty_field', { zone: '' }],
    ['too_large', { source: 'x'.repeat(MAX_LABEL_CHARACTERS + 1) }],
    ['unknown_state', { etat: 'RUNNING' }],
    ['unknown_state', { etat: '' }],
    ['unknown_state', { etat: 1 }],
    ['unknown_state', { etat: 'constructor' }],
    ['unknown_state', { etat: '__proto__' }],
    ['bad_time', { fin: '2025-02-30T10:00:00Z' }],
    ['bad_time', { fin: '2025-02-29T10:00:00Z' }],
    ['bad_time', { fin: '2025-11-23T25:00:00Z' }],
    ['bad_time', { fin: '2025-13-01T00:00:00Z' }],
    ['bad_time', { fin: '2025-11-23' }],
    ['bad_time', { fin: '23/11/2025 09:45:30' }],
    ['bad_time', { fin: '' }],
    ['bad_time', { fin: 1763891130 }],
    ['bad_time', { fin: 1763891130500 }],
    ['bad_time', { fin: '1763891130' }],
    ['bad_time', { fin: '1999-12-31T23:59:59Z' }],
    ['bad_time', { fin: '2200-01-01T00:00:01Z' }],
    ['bad_time', { debut: 'yesterday' }],
    ['bad_time', { debut: 1763891130 }],
    ['bad_time', { debut: '1970-01-01T00:00:00Z' }],
    ['end_before_start', { debut: '2025-11-23T09:45:30.501Z' }],
    ['end_before_start', { debut: '2025-11-23T09:45:30.501Z', duree: undefined }],
    ['bad_duration', { duree: -0.001 }],
    ['bad_duration', { duree: MAX_DURATION_SECONDS + 1 }],
    ['bad_duration', { duree: undefined, debut: '2025-10-01T00:00:00Z' }],
    ['bad_number', { cpu: -1 }],
    ['bad_number', { memoire: -0.1 }],
  ]
  test.each(changed)('%s: %j', (reason, changes) => {
    expect(reasonOf(changes)).toBe(reason)
  })

  test('duplicate_key, when the text has more keys than the object', () => {
    const twice = Buffer.from(`${JSON.stringify(VALID).slice(0, -1)},"etat":"FAILED"}`)
    expect(rejectionOf(normalise(twice, 8))).toMatchObject({ reason: 'duplicate_key' })
    expect(lineOf(normalise(record({}), 7))).toEqual(VALID)
  })

  test('every reason has an example here, but those that the splitter alone can give', () => {
    const shown = new Set([...raw, ...changed].map(([reason]) => reason).concat('duplicate_key'))
    expect(Object.keys(REJECT_REASONS).filter((reason) => !shown.has(reason))).toEqual(['truncated'])
  })

  test('the detail names the field and its value, shortened', () => {
    expect(rejectionOf(normalise(record({ etat: 'RUNNING' }))).detail).toBe('`etat` is "RUNNING"')
    expect(rejectionOf(normalise(record({ zone: undefined }))).detail).toContain('`zone`')
    const { detail } = rejectionOf(normalise(record({ etat: `x\n\u001b[31m${'y'.repeat(1_000)}` })))
    expect(detail.length).toBeLessThan(100)
    for (const character of ['\n', '\u001b']) expect(detail).not.toContain(character)
  })

  test('whatever the bytes are, the answer is a line or a reason of the list', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .dictionary(
          fc.oneof(fc.constantFrom(...FIELDS, 'start', 'status', 'end_ms'), fc.string()),
          fc.jsonValue(),
        )
        .map((changes) => record(changes)),
    )
    fc.assert(
      fc.property(bytes, (raw) => {
        const result = normalise(raw)
        if ('rejection' in result) expect(Object.keys(REJECT_REASONS)).toContain(result.rejection.reason)
        else expect(result.line.fin).toBe(new Date(result.endMs).toISOString())
      }),
    )
  })
})

describe('times', () => {
  const finOf = (fin: string): string => lineOf(normalise(record({ fin, debut: undefined }))).fin

  test.each([
    ['2025-11-23T09:45:30', '2025-11-23T09:45:30.000Z'],
    ['2025-11-23T09:45:30.25', '2025-11-23T09:45:30.250Z'],
    ['2025-11-23T09:45:30Z', '2025-11-23T09:45:30.000Z'],
    ['2025-11-23T09:45:30.123456Z', '2025-11-23T09:45:30.123Z'],
    ['2025-11-23T10:45:30+01:00', '2025-11-23T09:45:30.000Z'],
    ['2025-11-23T04:15:30-05:30', '2025-11-23T09:45:30.000Z'],
    ['2025-01-01T00:30:00+01:00', '2024-12-31T23:30:00.000Z'],
    ['2024-02-29T12:00:00Z', '2024-02-29T12:00:00.000Z'],
  ])('%s is %s', (written, expected) => {
    expect(finOf(written)).toBe(expected)
  })

  test('a time without a zone is UTC wherever the machine is', () => {
    const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
    const program = `
      import { normaliser } from ${module('../../log/normalise.js')}
      import { DEFAULT_ALIASES } from ${module('../../log/aliases.js')}
      const raw = ${JSON.stringify(JSON.stringify({ ...VALID, fin: '2025-11-23T09:45:30' }))}
      console.log(normaliser(DEFAULT_ALIASES)(Buffer.from(raw)).line.fin, new Date(0).getHours())`
    const answer = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...process.env, TZ: 'America/New_York' },
      encoding: 'utf8',
    })
    expect(answer.trim()).toBe('2025-11-23T09:45:30.000Z 19')
  })

  test('start and duration give the end', () => {
    expect(lineOf(normalise(record({ fin: undefined })))).toEqual(VALID)
  })
  test('end and duration give the start', () => {
    expect(lineOf(normalise(record({ debut: undefined })))).toEqual(VALID)
  })
  test('start and end give the duration', () => {
    expect(lineOf(normalise(record({ duree: undefined })))).toEqual(VALID)
  })
  test('all three are kept, also when they do not agree', () => {
    expect(lineOf(normalise(record({ duree: 12 })))).toEqual({ ...VALID, duree: 12 })
  })
})

describe('aliases', () => {
  const without = (field: string, aliases: Record<string, unknown>) =>
    normalise(record({ [field]: undefined, ...aliases }))

  test('another spelling stands for its field, whatever its case', () => {
    const english = {
      Start_Time: VALID.debut,
      END: VALID.fin,
      duration: 30.5,
      status: 'SUCCESS',
      job_name: 'crm',
      company: 'acme',
      region: 'eu-west',
      msg: 'done',
    }
    expect(lineOf(normalise(Buffer.from(JSON.stringify(english))))).toEqual({ ...VALID, description: 'done' })
  })

  test.each([
    ['duree', { duration_ms: 1_500 }, 1.5],
    ['cpu', { cpu_ms: 250 }, 0.25],
    ['memoire', { memory_bytes: 64_000_000 }, 64],
    ['memoire', { memory_kb: 1_500 }, 1.5],
    ['memoire', { memory_mib: 1 }, 1.048576],
    ['memoire', { memory_mb: 12 }, 12],
  ])('%s from %j', (field, aliases, expected) => {
    expect(lineOf(without(field, aliases))[field]).toBe(expected)
  })

  test('epoch milliseconds become a time, but a number of another unit does not', () => {
    expect(lineOf(without('fin', { end_ms: Date.parse(VALID.fin) })).fin).toBe(VALID.fin)
    expect(rejectionOf(without('fin', { end_ms: 1763891130 })).reason).toBe('bad_time')
    expect(rejectionOf(without('fin', { end: Date.parse(VALID.fin) })).reason).toBe('bad_time')
    for (const beyondDates of [1e300, -1e300])
      expect(rejectionOf(without('fin', { end_ms: beyondDates })).reason).toBe('bad_time')
  })

  test('an alias of the wrong type is rejected as its field', () => {
    expect(rejectionOf(without('duree', { duration_ms: '1500' }))).toMatchObject({
      reason: 'wrong_type',
      detail: expect.stringContaining('`duree`'),
    })
  })

  test('the canonical field wins, and the alias stays as an unknown field', () => {
    const line = lineOf(normalise(record({ status: 'FAILED', duration_ms: 1 })))
    expect(line).toEqual({ ...VALID, status: 'FAILED', duration_ms: 1 })
  })

  test('the first alias of the list wins, in whichever order they are written', () => {
    expect(lineOf(without('fin', { end: VALID.fin, timestamp: '2025-11-23T12:00:00Z' })).fin).toBe(VALID.fin)
    expect(lineOf(without('fin', { timestamp: '2025-11-23T12:00:00Z', end: VALID.fin })).fin).toBe(VALID.fin)
  })

  test('null counts as absent', () => {
    const line = lineOf(normalise(record({ cpu: null, description: null, message: null })))
    expect(line.cpu).toBeUndefined()
    expect(line.description).toBeUndefined()
    expect(rejectionOf(without('zone', { region: null }))).toEqual({
      reason: 'missing_field',
      detail: 'no `zone`',
    })
  })

  test('the user’s aliases come before the default ones', () => {
    const own = normaliser(
      withAliases(
        { fin: [{ name: 'timestamp', unit: 'epoch_s' }], source: ['Pipeline'] },
        { Terminé: 'SUCCESS' },
      ),
    )
    const raw = record({
      ...{ fin: undefined, timestamp: Date.parse(VALID.fin) / 1000, end: '2025-11-23T12:00:00Z' },
      ...{ source: undefined, pipeline: 'crm', source_name: 'other' },
      etat: 'TERMINÉ',
    })
    expect(lineOf(own(raw))).toMatchObject({ ...VALID, end: '2025-11-23T12:00:00Z', source_name: 'other' })
  })

  test.each([
    ['success', 'SUCCESS'],
    ['Ok', 'SUCCESS'],
    ['SUCCÈS', 'SUCCESS'],
    ['Error', 'FAILED'],
    ['ÉCHEC', 'FAILED'],
    ['ko', 'FAILED'],
    ['failed', 'FAILED'],
  ])('the state %s is %s', (word, state) => {
    expect(lineOf(normalise(record({ etat: word }))).etat).toBe(state)
  })
})

/** Lines as the normaliser gives them: any texts, any times that do not run backwards, any extras. */
const label = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
const reserved = new Set(
  FIELDS.flatMap((field) => [field, ...DEFAULT_ALIASES.fields[field].map(({ name }) => name.toLowerCase())]),
)
const extraKey = fc
  .string({ minLength: 1 })
  .filter((key) => !reserved.has(key.toLowerCase()) && !(key in Object.prototype))
const amount = fc.double({ min: 0, max: 1e9, noNaN: true })
const lines: fc.Arbitrary<Timed> = fc
  .record({
    endMs: fc.integer({ min: Date.UTC(2000, 1, 1), max: Date.UTC(2199, 0, 1) }),
    lengthMs: fc.integer({ min: 0, max: MAX_DURATION_SECONDS * 1000 }),
    duree: fc.double({ min: 0, max: MAX_DURATION_SECONDS, noNaN: true }),
    etat: fc.constantFrom('SUCCESS' as const, 'FAILED' as const),
    labels: fc.tuple(label, label, label),
    optional: fc.record({ cpu: amount, memoire: amount, description: fc.string() }, { requiredKeys: [] }),
    extras: fc.dictionary(extraKey, fc.jsonValue(), { maxKeys: 3 }),
  })
  .map(({ endMs, lengthMs, duree, etat, labels: [source, entreprise, zone], optional, extras }) => {
    const [debut, fin] = [new Date(endMs - lengthMs).toISOString(), new Date(endMs).toISOString()]
    const line = { debut, fin, duree, etat, source, entreprise, zone, ...optional, ...extras }
    return { line, startMs: endMs - lengthMs, endMs }
  })

describe('a line that is written', () => {
  test('is read as the same line', () => {
    fc.assert(
      fc.property(lines, (timed) => {
        const written = serialise(timed.line)
        expect(normalise(Buffer.from(written))).toEqual({ ...timed, line: JSON.parse(written) })
      }),
    )
  })

  test('and does not change when it is written again', () => {
    fc.assert(
      fc.property(lines, ({ line }) => {
        const once = serialise(lineOf(normalise(Buffer.from(serialise(line)))))
        expect(serialise(lineOf(normalise(Buffer.from(once))))).toBe(once)
      }),
    )
  })

  test('moved elsewhere keeps the distance of its start, and everything else', () => {
    fc.assert(
      fc.property(lines, fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }), (timed, endMs) => {
        const moved = movedTo(timed, endMs)
        expect(moved).toEqual({
          ...timed.line,
          debut: new Date(endMs - (timed.endMs - timed.startMs)).toISOString(),
          fin: new Date(endMs).toISOString(),
        })
      }),
    )
  })
})

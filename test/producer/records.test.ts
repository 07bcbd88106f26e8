import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type RawRecord, splitRecords } from '../../producer/records.ts'

const LIMIT_BYTES = 100_000

/** The same bytes in chunks whose sizes are taken in turn. */
async function* inChunks(input: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (let turn = 0; at < input.length; turn++) {
    const size = sizes[turn % sizes.length] ?? input.length
    yield input.subarray(at, at + size)
    at += size
  }
}

type Options = { sizes?: readonly number[]; limitBytes?: number }

async function recordsOf(input: string | Uint8Array, options: Options = {}): Promise<RawRecord[]> {
  const bytes = typeof input === 'string' ? Buffer.from(input) : input
  const records: RawRecord[] = []
  const chunks = inChunks(bytes, options.sizes ?? [])
  for await (const batch of splitRecords(chunks, 'logs.json', options.limitBytes ?? LIMIT_BYTES))
    records.push(...batch)
  return records
}

const textOf = (record: RawRecord): string => Buffer.from(record.bytes).toString()
/** What a test looks at: the text, or the problem with the text. */
const shown = (record: RawRecord): string =>
  record.problem === undefined ? textOf(record) : `${record.problem}: ${textOf(record)}`
const shownOf = async (input: string | Uint8Array, options?: Options): Promise<string[]> =>
  (await recordsOf(input, options)).map(shown)

/** The error that an input ends in, and the records before it. */
async function failureOf(
  input: Uint8Array,
  options: Options = {},
): Promise<{ code: unknown; before: string[] }> {
  const before: string[] = []
  try {
    const chunks = inChunks(input, options.sizes ?? [])
    for await (const batch of splitRecords(chunks, 'logs.json', LIMIT_BYTES)) before.push(...batch.map(shown))
  } catch (error) {
    return { code: (error as { code: unknown }).code, before }
  }
  return { code: 'none', before }
}

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.stringMatching(/^[{}[\]",:\\\n]{0,8}$/))
const json = fc.jsonValue({ depthSize: 'small', stringUnit: 'binary' })
const objects = fc.array(fc.dictionary(text, fc.oneof(json, text), { maxKeys: 6 }), { maxLength: 8 })
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })
const space = fc.constantFrom(undefined, 1, 2, '\t', '  ')

/** Every layout of a list: an array, one value a line, with marks and line ends of either kind. */
const layouts = fc.record({
  form: fc.constantFrom('array', 'lines'),
  space,
  newline: fc.constantFrom('\n', '\r\n'),
  mark: fc.constantFrom('', '\ufeff'),
  ending: fc.constantFrom('', '\n', '\n\n'),
})
type Layout = typeof layouts extends fc.Arbitrary<infer Value> ? Value : never

function written(list: readonly object[], layout: Layout): Buffer {
  const body =
    layout.form === 'array'
      ? JSON.stringify(list, null, layout.space)
      : list.map((each) => JSON.stringify(each)).join(layout.newline)
  return Buffer.from(layout.mark + body.replaceAll('\n', layout.newline) + layout.ending)
}

describe('a list in any layout, cut into any chunks', () => {
  const expectSame = async (list: readonly object[], input: Uint8Array, chunkSizes: readonly number[]) => {
    const records = await recordsOf(input, { sizes: chunkSizes })
    expect(records.map((record) => JSON.stringify(JSON.parse(textOf(record))))).toEqual(
      list.map((each) => JSON.stringify(JSON.parse(JSON.stringify(each)))),
    )
    expect(
      records.map(({ keyCount, number, problem, sizeBytes }) => ({ keyCount, number, problem, sizeBytes })),
    ).toEqual(
      list.map((each, index) => ({
        keyCount: Object.keys(each).length,
        number: index + 1,
        problem: undefined,
        sizeBytes: records[index]?.bytes.length,
      })),
    )
  }

  test('comes out as its objects', () =>
    fc.assert(
      fc.asyncProperty(objects, layouts, sizes, async (list, layout, chunkSizes) => {
        await expectSame(list, written(list, layout), chunkSizes)
      }),
    ))

  test('comes out as its objects when it is gzipped, in one member or several', () =>
    fc.assert(
      fc.asyncProperty(objects, layouts, sizes, fc.nat(), async (list, layout, chunkSizes, cut) => {
        const plain = written(list, layout)
        const at = cut % (plain.length + 1)
        const members = [gzipSync(plain.subarray(0, at)), gzipSync(plain.subarray(at))]
        await expectSame(list, Buffer.concat(members), chunkSizes)
      }),
      { numRuns: 40 },
    ))

  test('whatever the bytes are, chunks make no difference and nothing hangs', () =>
    fc.assert(
      fc.asyncProperty(
        fc.stringMatching(/^(\[0,|0\n)[{}[\]",:\\\n\r 1a]{0,60}$/),
        sizes,
        fc.integer({ min: 1, max: 50 }),
        async (input, chunkSizes, limitBytes) => {
          expect(await recordsOf(input, { sizes: chunkSizes, limitBytes })).toEqual(
            await recordsOf(input, { limitBytes }),
          )
        },
      ),
    ))
})

describe('layouts', () => {
  test.each([
    ['an empty input', '', []],
    ['white space', ' \n\r\n\t', []],
    ['an empty array', '[]\n', []],
    ['arrays one after another', '[{"a":1}]\n[{"b":2}\n,{"c":3}]', ['{"a":1}', '{"b":2}', '{"c":3}']],
    ['lines after an array', '[{"a":1}] \n{"b":2}\nx\n', ['{"a":1}', '{"b":2}', 'x']],
    ['blank lines and CRLF', '\r\n{"a":1}\r\n\r\n  {"b":2}  \r\n', ['{"a":1}', '{"b":2}']],
    ['a last line without its end', '{"a":1}\n{"b":2}', ['{"a":1}', '{"b":2}']],
    [
      'scalars, null and arrays in the array',
      '[1, null\n,"x,]",[{"a":1}], {}]',
      ['1', 'null', '"x,]"', '[{"a":1}]', '{}'],
    ],
    ['scalars on lines', '1\n"x"\nnull\n', ['1', '"x"', 'null']],
  ])('%s', async (_, input, expected) => {
    expect(await shownOf(input)).toEqual(expected)
    expect(await shownOf(input, { sizes: [1] })).toEqual(expected)
  })

  test('keys are counted at the top level only, twice if they are there twice', async () => {
    const input = '{"a":{"b":1,"c":":"},"a":[{"d":2}],"e":3}'
    expect((await recordsOf(`[${input}]`)).map((record) => record.keyCount)).toEqual([3])
    expect((await recordsOf(`${input}\n`)).map((record) => record.keyCount)).toEqual([3])
  })

  test('bytes that are not UTF-8 pass through as they are', async () => {
    const input = Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d, 0x0a])
    expect((await recordsOf(input)).map((record) => [...record.bytes])).toEqual([[...input.subarray(0, -1)]])
  })
})

describe('damage costs as few records as possible', () => {
  test.each([
    ['a string that does not end', '[\n{"a":"x},\n{"b":2},\n{"c":3}\n]', ['{"a":"x},', '{"b":2}', '{"c":3}']],
    [
      'one that ends the array too',
      '[\n{"a":1},\n{"b":"x}\n]\n[{"c":3}]',
      ['{"a":1}', '{"b":"x}', '{"c":3}'],
    ],
    ['one inside a nested object', '[\n{"a":{"b":"x}},\n{"b":2}\n]', ['{"a":{"b":"x}},', '{"b":2}']],
    [
      'one in a pretty-printed object',
      '[\n {\n  "a": "x,\n  "b": 2\n },\n {}\n]',
      ['{\n  "a": "x,\n  "b": 2\n }', '{}'],
    ],
    ['one on a line', '{"a":"x}\n{"b":2}\n', ['{"a":"x}', '{"b":2}']],
    ['a backslash before the line break', '{"a":"x\\\n{"b":2}\n', ['{"a":"x\\', '{"b":2}']],
    ['a brace that is missing', '[{"a":{"x":1},\n{"b":2},{"c":3}]', ['{"a":{"x":1},', '{"b":2}', '{"c":3}']],
    ['a bracket too many', '[{"a":1]},{"b":2}]', ['{"a":1]}', '{"b":2}']],
    ['a brace too many', '[{"a":1}},{"b":2}]', ['{"a":1}', '}', '{"b":2}']],
    ['a comma that is missing', '[{"a":1}\n{"b":2}]', ['{"a":1}', '{"b":2}']],
    ['commas too many', '[,{"a":1},,{"b":2},]', ['{"a":1}', '{"b":2}']],
  ])('%s', async (_, input, expected) => {
    expect(await shownOf(input)).toEqual(expected)
    expect(await shownOf(input, { sizes: [1] })).toEqual(expected)
  })
})

describe('inputs that are cut off', () => {
  test.each([
    ['in a record of an array', '[{"a":1},{"b":', ['{"a":1}', 'truncated: {"b":']],
    ['between two records', '[{"a":1},', ['{"a":1}', 'truncated: ']],
    ['after the opening bracket', '[', ['truncated: ']],
    ['before the closing bracket', '[{"a":1}\n', ['{"a":1}', 'truncated: ']],
    ['in a line', '{"a":1}\n{"b":"x', ['{"a":1}', 'truncated: {"b":"x']],
    ['in a nested object of a line', '{"a":{"b":1}', ['truncated: {"a":{"b":1}']],
  ])('%s', async (_, input, expected) => {
    expect(await shownOf(input)).toEqual(expected)
  })

  const lines = Array.from({ length: 2_000 }, (_, index) => `{"a":${index},"b":"${(index * 7919) % 1009}"}`)

  test('in the gzip stream: the records before, then one that is truncated', async () => {
    const whole = gzipSync(`[${lines.join(',\n')}]`)
    const records = await shownOf(whole.subarray(0, whole.length / 2), { sizes: [1_000] })
    expect(records.length).toBeGreaterThan(500)
    expect(records.slice(0, -1)).toEqual(lines.slice(0, records.length - 1))
    expect(records.at(-1)).toMatch(/^truncated: /)
  })

  test('in the trailer of the gzip stream: all records, then one that is truncated', async () => {
    const whole = gzipSync(lines.join('\n'))
    expect(await shownOf(whole.subarray(0, -3))).toEqual([...lines, 'truncated: '])
    expect(await shownOf(whole.subarray(0, 2))).toEqual(['truncated: '])
  })
})

describe('records that are too large', () => {
  const large = `{"a":"${'x'.repeat(20_000)}"}`
  test.each([
    ['in an array', `[{"a":1},${large},{"b":2}]`],
    ['on a line', `{"a":1}\n${large}\n{"b":2}`],
  ])('%s: the head, the whole size, and the scan goes on', async (_, input) => {
    for (const chunkSizes of [[], [1], [777], [5_000]]) {
      const records = await recordsOf(input, { sizes: chunkSizes, limitBytes: 10_000 })
      expect(records.map((record) => record.problem)).toEqual([undefined, 'too_large', undefined])
      expect(records[1] && textOf(records[1])).toBe(large.slice(0, 4096))
      expect(records[1]?.sizeBytes).toBe(large.length)
      expect(records[2] && textOf(records[2])).toBe('{"b":2}')
    }
  })

  test('a record of exactly the limit is not', async () => {
    expect((await recordsOf(`[${large}]`, { limitBytes: large.length }))[0]?.problem).toBeUndefined()
    expect((await recordsOf(`[${large}]`, { limitBytes: large.length - 1 }))[0]?.problem).toBe('too_large')
  })
})

describe('inputs that cannot be read', () => {
  test.each([
    ['UTF-16LE', [0xff, 0xfe, 0x5b, 0x00]],
    ['UTF-16BE', [0xfe, 0xff, 0x00, 0x5b]],
  ])('%s', async (encoding, bytes) => {
    const sending = splitRecords(inChunks(Buffer.from(bytes), [1]), 'logs.json', LIMIT_BYTES).next()
    await expect(sending).rejects.toMatchObject({
      code: 'INPUT_NOT_UTF8',
      message: expect.stringContaining(encoding),
    })
  })

  test('one object over many lines', async () => {
    for (const input of ['{\n  "a": 1\n}\n', '\ufeff{ \r\n "a": 1}'])
      expect(await failureOf(Buffer.from(input))).toEqual({ code: 'INPUT_NOT_A_LIST', before: [] })
  })

  const lines = Array.from({ length: 9_000 }, (_, index) => `{"a":${index},"b":"${(index * 7919) % 1009}"}`)

  test('a gzip stream that is damaged in the middle: first the records before', async () => {
    const damaged = gzipSync(lines.join('\n'))
    damaged.fill(0xff, 20_000, 20_040)
    const { code, before } = await failureOf(damaged)
    expect(code).toBe('INPUT_GZIP_CORRUPT')
    expect(before.length).toBeGreaterThan(2_000)
    expect(before.slice(0, 2_000)).toEqual(lines.slice(0, 2_000))
  })

  test('a gzip stream with a wrong checksum: first all the records whose end is known', async () => {
    const damaged = gzipSync(lines.join('\n'))
    damaged.fill(0, damaged.length - 8, damaged.length - 4)
    expect(await failureOf(damaged)).toEqual({ code: 'INPUT_GZIP_CORRUPT', before: lines.slice(0, -1) })
  })

  test('what follows a gzip stream is not read', async () => {
    const input = Buffer.concat([gzipSync('{"a":1}\n'), Buffer.alloc(9_000)])
    expect(await shownOf(input, { sizes: [100] })).toEqual(['{"a":1}'])
  })

  test('an error of the source passes through after the records before it', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('{"a":1}\n{"b"')
      throw new Error('the disk is gone')
    }
    const records = splitRecords(broken(), 'logs.json', LIMIT_BYTES)
    expect((await records.next()).value?.map(shown)).toEqual(['{"a":1}'])
    await expect(records.next()).rejects.toThrow('the disk is gone')
  })
})

test('a reader that stops early lets go of the source', async () => {
  for (const input of [Buffer.from('{"a":1}\n{"b":2}\n'), gzipSync('{"a":1}\n{"b":2}\n')]) {
    let isReleased = false
    const source = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield input
        yield* inChunks(Buffer.alloc(10_000), [1])
      } finally {
        isReleased = true
      }
    }
    for await (const _ of splitRecords(source(), 'logs.json', LIMIT_BYTES)) break
    expect(isReleased).toBe(true)
  }
})

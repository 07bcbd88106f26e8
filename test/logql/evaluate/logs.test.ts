import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { evaluateLogs, type LogRange, type LogResult } from '../../../logql/evaluate/logs.ts'
import { run } from '../../../logql/evaluate/run.ts'
import { parseExpr } from '../../../logql/parse/parse.ts'
import { type Block, blockOf, type Labels, type Lines, type Source } from '../../../logql/source.ts'

const DAY_NS = 86_400_000_000_000n

type Stream = { labels: Labels; blocks: readonly Block[] }
/** A source that has these streams, and counts the blocks of which lines are read. */
function sourceOf(streams: readonly Stream[]): { source: Source; reads: () => number } {
  const read = new Set<Block>()
  const counted = streams.map(({ labels, blocks }) => ({
    labels,
    blocks: blocks.map((block) => ({ ...block, lines: () => linesRead(read, block) })),
  }))
  return {
    source: {
      *select() {
        yield
        return counted
      },
    },
    reads: () => read.size,
  }
}

function linesRead(read: Set<Block>, block: Block): Lines {
  read.add(block)
  return block.lines()
}

const streamOf = (name: string, ...blocks: [timeNs: bigint, line: string][][]): Stream => ({
  labels: new Map([['name', name]]),
  blocks: blocks.map((entries) => blockOf(entries.map(([timeNs, line]) => ({ timeNs, line })))),
})

function evaluate(stages: string, source: Source, range: Partial<LogRange> = {}): LogResult {
  const expr = parseExpr(`{a="b"} ${stages}`)
  if (expr.kind !== 'log') throw new Error('no log query')
  return run(
    evaluateLogs(expr, source, { startNs: 0n, endNs: 1000n, limit: 100, direction: 'forward', ...range }),
  )
}

const linesOf = ({ streams }: LogResult): Record<string, string[]> =>
  Object.fromEntries(
    streams.map(({ labels, entries }) => [[...labels.values()].join(), entries.map(({ line }) => line)]),
  )

describe('evaluateLogs', () => {
  const { source } = sourceOf([
    streamOf(
      'x',
      [
        [10n, 'x10'],
        [20n, 'x20'],
        [20n, 'x20b'],
      ],
      [[30n, 'x30']],
    ),
    streamOf('y', [
      [15n, 'y15'],
      [20n, 'y20'],
      [40n, 'y40'],
    ]),
  ])

  it('takes the first entries by time from all streams', () => {
    expect(linesOf(evaluate('', source, { limit: 3 }))).toEqual({ x: ['x10', 'x20'], y: ['y15'] })
    expect(linesOf(evaluate('', source, { limit: 4, direction: 'backward' }))).toEqual({
      x: ['x30', 'x20b'],
      y: ['y40', 'y20'],
    })
  })

  it('orders entries of one time as they came, backward the other way round', () => {
    expect(linesOf(evaluate('', source)).x).toEqual(['x10', 'x20', 'x20b', 'x30'])
    expect(linesOf(evaluate('', source, { direction: 'backward' })).x).toEqual(['x30', 'x20b', 'x20', 'x10'])
  })

  it('leaves out what is before the start, and what is at the end or after it', () => {
    expect(linesOf(evaluate('', source, { startNs: 15n, endNs: 20n }))).toEqual({ y: ['y15'] })
    expect(linesOf(evaluate('', source, { startNs: 20n, endNs: 20n }))).toEqual({})
  })

  it('counts only entries that the pipeline keeps', () => {
    expect(linesOf(evaluate('|= "0"', source, { limit: 4 }))).toEqual({
      x: ['x10', 'x20', 'x20b'],
      y: ['y20'],
    })
    expect(linesOf(evaluate('|~ "5|4"', source))).toEqual({ y: ['y15', 'y40'] })
    expect(linesOf(evaluate('', source, { limit: 0 }))).toEqual({})
  })

  it('groups entries by the labels that the pipeline gives them, ordered by these', () => {
    const result = evaluate('| regexp "[xy](?P<digit>[0-9])"', source)
    expect(linesOf(result)).toEqual({
      '1,x': ['x10'],
      '1,y': ['y15'],
      '2,x': ['x20', 'x20b'],
      '2,y': ['y20'],
      '3,x': ['x30'],
      '4,y': ['y40'],
    })
    expect(result.streams.map(({ labels }) => labels.get('digit'))).toEqual(['1', '1', '2', '2', '3', '4'])
    expect(result.streams[0]?.entries[0]).toEqual({
      timeNs: 10n,
      line: 'x10',
      stream: new Map([['name', 'x']]),
      metadata: new Map(),
      parsed: new Map([['digit', '1']]),
    })
  })

  it('reads no block that lies behind the last entry of the answer', () => {
    const blocks = Array.from({ length: 50 }, (_, block): [bigint, string][] =>
      Array.from({ length: 10 }, (_, entry) => [BigInt(10 * block + entry), `line ${entry}`]),
    )
    for (const direction of ['forward', 'backward'] as const) {
      const { source: large, reads } = sourceOf([streamOf('x', ...blocks), streamOf('y', ...blocks)])
      expect(linesOf(evaluate('', large, { limit: 5, direction })).x?.length).toBeGreaterThan(1)
      expect(reads()).toBeLessThanOrEqual(4)
    }
  })

  it('yields after each long line, on which an expression may work for long', () => {
    const lines = [1n, 2n, 3n].map((timeNs): [bigint, string] => [timeNs, 'x'.repeat(5_000)])
    const expr = parseExpr('{a="b"} |~ "x+y"')
    if (expr.kind !== 'log') throw new Error('no log query')
    const { source } = sourceOf([streamOf('x', lines)])
    const work = evaluateLogs(expr, source, { startNs: 0n, endNs: 9n, limit: 9, direction: 'forward' })
    let yields = 0
    while (work.next().done !== true) yields++
    expect(yields).toBeGreaterThanOrEqual(3)
  })

  it('yields between blocks', () => {
    const expr = parseExpr('{a="b"}')
    if (expr.kind !== 'log') throw new Error('no log query')
    const range: LogRange = { startNs: 0n, endNs: 100n, limit: 100, direction: 'forward' }
    expect(evaluateLogs(expr, source, range).next().done).toBe(false)
  })

  it('orders entries that lie years apart to the nanosecond', () => {
    const far = 4000n * DAY_NS
    const { source: long } = sourceOf([
      streamOf(
        'x',
        [[1n, 'x1']],
        [
          [far + 1n, 'x far 1'],
          [far + 3n, 'x far 3'],
        ],
      ),
      streamOf('y', [
        [far, 'y far 0'],
        [far + 2n, 'y far 2'],
      ]),
    ])
    const range = { endNs: far + 10n, limit: 3 }
    expect(linesOf(evaluate('', long, range))).toEqual({ x: ['x1', 'x far 1'], y: ['y far 0'] })
    expect(linesOf(evaluate('', long, { ...range, direction: 'backward' }))).toEqual({
      x: ['x far 3', 'x far 1'],
      y: ['y far 2'],
    })
  })

  it('answers what sorting all entries does', () => {
    const blocks = fc.array(
      fc.array(fc.tuple(fc.nat(12).map(BigInt), fc.constantFrom('a', 'ab', 'b', 'ba', '')), { maxLength: 6 }),
      { maxLength: 3 },
    )
    const ranges = fc.record({
      startNs: fc.nat(12).map(BigInt),
      endNs: fc.nat(13).map(BigInt),
      limit: fc.nat(20),
      direction: fc.constantFrom('forward' as const, 'backward' as const),
    })
    fc.assert(
      fc.property(fc.array(blocks, { maxLength: 3 }), ranges, fc.boolean(), (unsorted, range, isFiltered) => {
        const byTime = (a: [bigint, string], b: [bigint, string]): number => Number(a[0] - b[0])
        const streams = unsorted.map((each, index) =>
          streamOf(
            String(index),
            ...each
              .map((entries) => [...entries].sort(byTime))
              .sort((a, b) => Number((a[0]?.[0] ?? 0n) - (b[0]?.[0] ?? 0n))),
          ),
        )
        const all = streams.flatMap(({ labels, blocks: each }) =>
          each.flatMap((block) => {
            const { text, starts, ends } = block.lines()
            return Array.from(block.times(), (time, index) => ({
              timeNs: block.firstNs + BigInt(time),
              name: labels.get('name') ?? '',
              line: text.slice(starts[index], ends[index]),
            }))
          }),
        )
        const kept = all
          .filter(({ timeNs }) => timeNs >= range.startNs && timeNs < range.endNs)
          .filter(({ line }) => !isFiltered || line.includes('ab'))
          .sort((a, b) => Number(a.timeNs - b.timeNs))
        if (range.direction === 'backward') kept.reverse()
        const expected: Record<string, string[]> = {}
        for (const { name, line } of kept.slice(0, range.limit))
          expected[name] = [...(expected[name] ?? []), line]
        expect(linesOf(evaluate(isFiltered ? '|= "ab"' : '', sourceOf(streams).source, range))).toEqual(
          expected,
        )
      }),
      { numRuns: 500 },
    )
  })
})

import { describe, expect, it } from '@jest/globals'
import { type When } from '../../logql/evaluate/metric.ts'
import { type Block, type Source } from '../../logql/source.ts'
import { ask, at, block, type Entry, evaluator, every, sourceOf, stream } from './ask.ts'

describe('windows', () => {
  const source = sourceOf(stream({ a: '1' }, [10, 'x'], [20, 'xx'], [20.000000001, 'xxx'], [30, 'xxxx']))

  it('have the entry at their end and not the one at their beginning', () => {
    expect(ask('count_over_time({a="1"}[10s])', source, at(20))).toEqual(['{a=1} 1'])
    expect(ask('count_over_time({a="1"}[10s])', source, at(30))).toEqual(['{a=1} 2'])
    expect(ask('bytes_over_time({a="1"}[10s])', source, at(30))).toEqual(['{a=1} 7'])
  })

  it('leave out steps without entries', () => {
    expect(ask('count_over_time({a="1"}[5s])', source, every(5, 0, 40))).toEqual([
      '{a=1} 10=1 20=1 25=1 30=1',
    ])
  })

  it('are moved back by an offset, and on by a negative one', () => {
    expect(ask('count_over_time({a="1"}[10s] offset 10s)', source, at(40))).toEqual(['{a=1} 2'])
    expect(ask('count_over_time({a="1"}[10s] offset -10s)', source, at(20))).toEqual(['{a=1} 2'])
  })

  it('take bytes of UTF-8 and of the line as the stages leave it', () => {
    const accents = sourceOf(stream({ a: '1' }, [1, 'été'], [2, 'x']))
    expect(ask('bytes_over_time({a="1"}[10s])', accents, at(10))).toEqual(['{a=1} 6'])
    expect(ask('bytes_over_time({a="1"}[8500ms])', accents, at(10))).toEqual(['{a=1} 1'])
    expect(ask('bytes_over_time({a="1"} |= "t" [10s])', accents, at(10))).toEqual(['{a=1} 5'])
    expect(ask('bytes_over_time({a="1"} | line_format "ü" [10s])', accents, at(10))).toEqual(['{a=1} 4'])
  })
})

describe('what is read', () => {
  /** A block that says what is asked of it. */
  const watched = (seen: string[], ...entries: Entry[]): Block => {
    const made = block(...entries)
    return {
      ...made,
      times: () => {
        seen.push('times')
        return made.times()
      },
      lines: () => {
        seen.push('lines')
        return made.lines()
      },
    }
  }

  it('is neither times nor lines of a block that lies in the window as a whole', () => {
    const [inside, edge]: [string[], string[]] = [[], []]
    const blocks = [watched(edge, [1, 'a'], [5, 'b']), watched(inside, [5, 'a'], [8, 'b'])]
    const source = sourceOf({ labels: { a: '1' }, blocks })
    expect(ask('count_over_time({a="1"}[7s])', source, at(10))).toEqual(['{a=1} 3'])
    expect(inside).toEqual([])
    expect(edge).toEqual(['times'])
    expect(ask('sum(bytes_over_time({a="1"}[7s]))', source, at(10))).toEqual(['{} 3'])
    expect(inside).toEqual([])
  })

  it('is what a line filter keeps, at the step that it belongs to', () => {
    const entries = Array.from({ length: 40 }, (_, index): Entry => [index, index % 7 === 3 ? 'a b' : 'ab'])
    const source = sourceOf(stream({ a: '1' }, ...entries))
    expect(ask('count_over_time({a="1"} |= "a b" [3s])', source, every(5, 0, 40))).toEqual([
      '{a=1} 5=1 10=1 25=1 40=1',
    ])
    expect(ask('count_over_time({a="1"} |= "b\\na" [30s])', source, at(20))).toEqual([])
  })

  it('lets others do something after each block', () => {
    const blocks = [block([1, 'a']), block([2, 'b']), block([3, 'c'])]
    const generator = evaluator(
      'count_over_time({a="1"}[10s])',
      sourceOf({ labels: { a: '1' }, blocks }),
      at(9),
    )
    let turns = 0
    while (generator.next().done !== true) turns++
    expect(turns).toBeGreaterThanOrEqual(3)
  })

  it('has series by structured metadata, unless the query groups by labels of the stream', () => {
    const source = sourceOf(stream({ a: '1' }, [1, 'x', { user: 'u' }], [2, 'y', { user: 'v' }], [3, 'z']))
    expect(ask('count_over_time({a="1"}[10s])', source, at(10))).toEqual([
      '{a=1,user=u} 1',
      '{a=1,user=v} 1',
      '{a=1} 1',
    ])
    expect(ask('sum by (user)(count_over_time({a="1"}[10s]))', source, at(10))).toEqual([
      '{user=u} 1',
      '{user=v} 1',
      '{} 1',
    ])
    expect(ask('sum by (a)(count_over_time({a="1"}[10s]))', source, at(10))).toEqual(['{a=1} 3'])
  })

  it('finds series by labels of the stream next to those of the line', () => {
    const source = sourceOf(
      stream({ a: '1', b: 'x' }, [1, 'c=1 n=1'], [2, 'c=2 n=10'], [3, 'c=1 n=100']),
      stream({ a: '1', b: 'y' }, [1, 'c=1 n=1000']),
    )
    const query = (grouping: string) =>
      ask(`max_over_time({a="1"} | logfmt | unwrap n [10s]) ${grouping}`, source, at(10))
    expect(query('by (c)')).toEqual(['{c=1} 1000', '{c=2} 10'])
    expect(query('by (b, c)')).toEqual(['{b=x,c=1} 100', '{b=x,c=2} 10', '{b=y,c=1} 1000'])
    expect(query('without (a, b)')).toEqual(['{c=1} 1000', '{c=2} 10'])
    expect(query('')).toEqual(['{a=1,b=x,c=1} 100', '{a=1,b=x,c=2} 10', '{a=1,b=y,c=1} 1000'])
  })
})

describe('aggregations over time', () => {
  const numbers = (...values: (number | string)[]): Source =>
    sourceOf(stream({ a: '1' }, ...values.map((value, index): Entry => [index + 1, `v=${value}`])))
  const over = (operation: string, source: Source, grouping = ''): string | undefined =>
    ask(`${operation}{a="1"} | logfmt | unwrap v [10s]) ${grouping}`, source, at(10))[0]?.slice(6)

  it.each([
    ['sum_over_time(', '10'],
    ['avg_over_time(', '2.5'],
    ['min_over_time(', '1'],
    ['max_over_time(', '4'],
    ['stdvar_over_time(', '1.25'],
    ['stddev_over_time(', '1.118033988749895'],
    ['first_over_time(', '4'],
    ['last_over_time(', '2'],
    ['rate(', '1'],
    ['quantile_over_time(0, ', '1'],
    ['quantile_over_time(0.5, ', '2.5'],
    ['quantile_over_time(1, ', '4'],
    ['quantile_over_time(1.5, ', '+Inf'],
  ])('%s…)', (operation, value) => {
    expect(over(operation, numbers(4, 1, 3, 2))).toBe(value)
  })

  it('take infinities and NaN as Prometheus does', () => {
    const infinite = numbers(1, '+Inf', 2)
    expect(over('avg_over_time(', infinite)).toBe('+Inf')
    expect(over('avg_over_time(', numbers('+Inf', '-Inf'))).toBe('NaN')
    expect(over('stddev_over_time(', infinite)).toBe('NaN')
    expect(over('max_over_time(', numbers('NaN', 1, 'NaN', 3))).toBe('3')
    expect(over('min_over_time(', numbers('NaN', 5, 'NaN', 3))).toBe('3')
    expect(over('max_over_time(', numbers('NaN', 'NaN'))).toBe('NaN')
    expect(over('sum_over_time(', numbers('NaN', 1))).toBe('NaN')
    expect(over('quantile_over_time(0, ', numbers(1, 'NaN', 2))).toBe('NaN')
    expect(over('quantile_over_time(1, ', numbers(1, 'NaN', 2))).toBe('2')
    expect(over('quantile_over_time(0.75, ', numbers(1, 'NaN', 2))).toBe('1.5')
  })

  it('average what has no finite sum', () => {
    expect(over('avg_over_time(', numbers(1.5e308, 1.5e308))).toBe(`15${'0'.repeat(307)}`)
  })

  it('forget large values that have left a window', () => {
    const source = sourceOf(stream({ a: '1' }, [1, 'v=1e17'], [5, 'v=0.1'], [6, 'v=0.2'], [12, 'v=0.3']))
    expect(ask('sum_over_time({a="1"} | logfmt | unwrap v [8s])', source, every(4, 4, 16))).toEqual([
      `{a=1} 4=1${'0'.repeat(17)} 8=1${'0'.repeat(17)} 12=0.6000000000000001 16=0.3`,
    ])
    expect(ask('stdvar_over_time({a="1"} | logfmt | unwrap v [8s])', source, every(4, 12, 16))).toEqual([
      '{a=1} 12=0.006666666666666665 16=0',
    ])
  })

  it('divide a grouped average by the number of lines, as Loki 3.7 does', () => {
    const source = sourceOf(stream({ a: '1' }, [1, 'v=2'], [2, 'v=4'], [3, 'hello'], [4, 'v=']))
    expect(over('avg_over_time(', source)).toBe('3')
    expect(over('avg_over_time(', source, 'by (a)')).toBe('1.5')
    expect(over('avg_over_time(', source, 'without (b)')).toBe('1.5')
  })

  it('read overlapping blocks and streams in the order of time', () => {
    const source = sourceOf(
      { labels: { a: '1' }, blocks: [block([1, 'v=1'], [6, 'v=6']), block([2, 'v=2'], [9, 'v=9'])] },
      { labels: { a: '1', b: '1' }, blocks: [block([0.5, 'v=5'], [7, 'v=7'])] },
    )
    const query = (operation: string, when: When) =>
      ask(`${operation}({a="1"} | logfmt | unwrap v [5s]) by (a)`, source, when)
    expect(query('first_over_time', every(2, 3, 9))).toEqual(['{a=1} 3=5 5=5 7=6 9=6'])
    expect(query('last_over_time', every(2, 3, 9))).toEqual(['{a=1} 3=2 5=2 7=7 9=9'])
  })

  it('take entries with one time as they come', () => {
    const blocks = [block([1, 'v=1'], [5, 'v=5']), block([1, 'v=2'], [5, 'v=6'])]
    const source = sourceOf({ labels: { a: '1' }, blocks })
    expect(over('first_over_time(', source)).toBe('1')
    expect(over('last_over_time(', source)).toBe('6')
  })

  it('count resets of a counter as rises from zero', () => {
    const rate = (...values: number[]) => Number(over('rate_counter(', numbers(...values)))
    expect(rate(5)).toBe(0)
    expect(rate(0, 2, 6)).toBeCloseTo(0.6, 12)
    // Not beginning at 0, the rise is lengthened a millionth, as Loki does, which mixes µs and s.
    expect(rate(1, 3, 7) / 0.6).toBeCloseTo(1 + 10 / 2_000_000, 9)
    expect(rate(0, 5, 2, 3)).toBeCloseTo(0.8, 12)
  })

  it('tell that something is absent with the labels that are asked for', () => {
    const source = sourceOf(stream({ a: '1' }, [5, 'v=1']))
    const query = 'absent_over_time({a="1", b=~"x|", c!="y"}[2s])'
    expect(ask(query, source, every(1, 4, 8))).toEqual(['{a=1} 4=1 7=1 8=1'])
    expect(ask('absent_over_time({a="1", a=~".+"}[1s])', source, at(9))).toEqual(['{} 1'])
  })
})

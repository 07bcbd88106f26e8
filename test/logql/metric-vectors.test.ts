import { describe, expect, it } from '@jest/globals'
import { ask, at, evaluator, every, nothing, refusal, sourceOf, stream } from './ask.ts'

describe('aggregations of vectors', () => {
  const source = sourceOf(
    stream({ a: '1', b: 'x' }, [1, 'v=1']),
    stream({ a: '1', b: 'y' }, [1, 'v=5']),
    stream({ a: '2', b: 'x' }, [1, 'v=NaN']),
    stream({ a: '2', b: 'y' }, [1, 'v=3']),
  )
  const vector = 'last_over_time({a=~".+"} | logfmt | unwrap v [10s])'
  const query = (text: string, when = at(10)) => ask(text.replace('$', vector), source, when)

  it('group by labels, or by all but some', () => {
    expect(query('max by (a)($)')).toEqual(['{a=1} 5', '{a=2} 3'])
    expect(query('count without (a)($)')).toEqual(['{b=x} 2', '{b=y} 2'])
    expect(query('count by (nosuch)($)')).toEqual(['{} 4'])
    expect(query('count($)')).toEqual(['{} 4'])
    expect(query('avg by (b)($)')).toEqual(['{b=x} NaN', '{b=y} 4'])
    expect(query('stddev by (b)($ > 0)')).toEqual(['{b=x} 0', '{b=y} 1'])
    expect(query('stdvar by (b)($ > 0)')).toEqual(['{b=x} 0', '{b=y} 1'])
  })

  it('choose the largest and the smallest with all their labels, NaN last', () => {
    expect(query('topk(1, $)')).toEqual(['{a=1,b=y} 5'])
    expect(query('bottomk(2, $)')).toEqual(['{a=1,b=x} 1', '{a=2,b=y} 3'])
    expect(query('topk by (a)(1, $)')).toEqual(['{a=1,b=y} 5', '{a=2,b=y} 3'])
    expect(query('topk(9, $)')).toHaveLength(4)
  })

  it.each([
    ['topk', 'sort_desc'],
    ['bottomk', 'sort'],
  ])('%s is the beginning of %s, also among equals', (choose, sort) => {
    const names = Array.from({ length: 50 }, (_, index) => String(index))
    const many = sourceOf(...names.map((a) => stream({ a }, [1, `v=${Number(a) % 3 || 'NaN'}`])))
    const found = (text: string): string[] => ask(text.replace('$', vector), many, at(10)).sort()
    const beginning = ask(`${sort}(${vector})`, many, at(10))
    for (const count of [1, 20, 33, 34, 40, 50, 60])
      expect(found(`${choose}(${count}, $)`)).toEqual(beginning.slice(0, count).sort())
  })

  it('give way at each step, whose parts may have more series than the answer', () => {
    const work = evaluator('topk(1, count_over_time({a=~".+"}[10s]))', source, every(1, 1, 10))
    let yields = 0
    while (work.next().done !== true) yields++
    expect(yields).toBeGreaterThanOrEqual(10)
  })

  it('sort an instant by value, NaN last, and a range by labels', () => {
    const order = (text: string) => query(text).map((line) => line.split(' ')[1])
    expect(order('sort($)')).toEqual(['1', '3', '5', 'NaN'])
    expect(order('sort_desc($)')).toEqual(['5', '3', '1', 'NaN'])
    expect(query('sort_desc($ > 0)', every(5, 5, 10)).map((line) => line.slice(0, 9))).toEqual([
      '{a=1,b=x}',
      '{a=1,b=y}',
      '{a=2,b=y}',
    ])
  })

  it('of nothing are nothing', () => {
    expect(ask('sum(count_over_time({a="1"}[1s]))', nothing, at(10))).toEqual([])
    expect(ask('sum(count_over_time({a="1"}[1s]))', nothing, every(1, 1, 10))).toEqual([])
    expect(ask('count(sum(count_over_time({a="1"}[1s]))) or vector(0)', nothing, at(10))).toEqual(['{} 0'])
  })
})

describe('operators', () => {
  const source = sourceOf(
    stream({ a: '1', b: 'x' }, [1, ''], [2, '']),
    stream({ a: '1', b: 'y' }, [1, '']),
    stream({ a: '2', b: 'x' }, [1, ''], [2, ''], [3, '']),
  )
  const query = (text: string) => ask(text.replaceAll('#', 'count_over_time({a=~".+"}[10s])'), source, at(10))

  it('calculate with numbers on either side', () => {
    expect(query('# * 2')).toEqual(['{a=1,b=x} 4', '{a=1,b=y} 2', '{a=2,b=x} 6'])
    expect(query('6 / #')).toEqual(['{a=1,b=x} 3', '{a=1,b=y} 6', '{a=2,b=x} 2'])
    expect(query('# / 0')).toEqual(['{a=1,b=x} NaN', '{a=1,b=y} NaN', '{a=2,b=x} NaN'])
    expect(query('2 ^ # % 3')).toEqual(['{a=1,b=x} 1', '{a=1,b=y} 2', '{a=2,b=x} 2'])
  })

  it('filter by comparisons, keeping the value, or answer 0 and 1', () => {
    expect(query('# > 1')).toEqual(['{a=1,b=x} 2', '{a=2,b=x} 3'])
    expect(query('1 < #')).toEqual(['{a=1,b=x} 2', '{a=2,b=x} 3'])
    expect(query('# > bool 1')).toEqual(['{a=1,b=x} 1', '{a=1,b=y} 0', '{a=2,b=x} 1'])
    expect(query('# >= #')).toHaveLength(3)
    expect(query('# != #')).toEqual([])
  })

  it('match all labels, some, or all but some', () => {
    expect(query('# + #')).toEqual(['{a=1,b=x} 4', '{a=1,b=y} 2', '{a=2,b=x} 6'])
    expect(query('sum by (a)(#) - on (a) max by (a)(#)')).toEqual(['{a=1} 1', '{a=2} 0'])
    expect(query('# - ignoring (b) group_left sum by (a)(#)')).toEqual([
      '{a=1,b=x} -1',
      '{a=1,b=y} -2',
      '{a=2,b=x} 0',
    ])
    expect(query('sum by (a)(#) > on (a) group_right #')).toEqual(['{a=1,b=x} 3', '{a=1,b=y} 3'])
  })

  it('copy labels of the one to the many, also their absence', () => {
    expect(query('sum by (a)(#) * on (a) group_left (b) count_over_time({b="x"}[10s])')).toEqual([
      '{a=1,b=x} 6',
      '{a=2,b=x} 9',
    ])
    expect(query('count_over_time({b="x"}[10s]) * on (a) group_left (b) sum by (a)(#)')).toEqual([
      '{a=1} 6',
      '{a=2} 9',
    ])
  })

  it('refuse series that match several', () => {
    const message = (text: string) => refusal(text.replaceAll('#', 'count_over_time({a=~".+"}[10s])'), source)
    expect(message('sum by (a)(#) + on (a) #')).toMatchObject({
      kind: 'execution',
      message:
        'found duplicate series on the right hand-side;many-to-many matching not allowed: matching labels must be unique on one side',
    })
    expect(message('# + on (a) sum by (a)(#)').message).toMatch('many-to-one matching must be explicit')
    expect(message('# + on (a) group_right #').message).toMatch('duplicate series on the left')
    expect(message('# * on (a) group_left (b) max by (a)(#)').message).toMatch('grouping labels must ensure')
  })

  it('make sets', () => {
    const some = 'count_over_time({b="y"}[10s])'
    expect(query(`# and ${some}`)).toEqual(['{a=1,b=y} 1'])
    expect(query(`# unless ${some}`)).toEqual(['{a=1,b=x} 2', '{a=2,b=x} 3'])
    expect(query(`${some} or # * 10`)).toEqual(['{a=1,b=x} 20', '{a=1,b=y} 1', '{a=2,b=x} 30'])
    expect(query(`# and on (a) ${some}`)).toEqual(['{a=1,b=x} 2', '{a=1,b=y} 1'])
    expect(query(`# unless on () vector(1)`)).toEqual([])
  })

  it('replace labels', () => {
    const replaced = (target: string, replacement: string, from: string, pattern: string) =>
      query(`label_replace(#, "${target}", "${replacement}", "${from}", "${pattern}")`)
    expect(replaced('c', '$1-$1', 'b', '(x)')).toEqual([
      '{a=1,b=x,c=x-x} 2',
      '{a=1,b=y} 1',
      '{a=2,b=x,c=x-x} 3',
    ])
    expect(replaced('b', '', 'b', '.*')).toHaveLength(3)
    expect(query('sum by (b)(label_replace(#, "b", "", "a", "1"))')).toEqual(['{b=x} 3', '{} 3'])
    expect(replaced('c', 'n', 'nosuch', '')).toHaveLength(3)
  })
})

describe('literals', () => {
  it('are a scalar at an instant and a series at all steps of a range', () => {
    expect(ask('1 + 2 * 3', nothing, at(10))).toEqual(['7'])
    expect(ask('1 > 2', nothing, at(10))).toEqual(['0'])
    expect(ask('1 + 1', nothing, every(5, 0, 10))).toEqual(['{} 0=2 5=2 10=2'])
    expect(ask('vector(1) == 1', nothing, at(10))).toEqual(['{} 1'])
  })
})

describe('refusals', () => {
  const source = sourceOf(
    ...['1', '2', '3'].map((a) => stream({ a }, [1, 'v=1'], [Number(a) + 1, 'v="x\\"y"'], [9, 'v=2'])),
  )

  it('name the earliest entry that is no sample, in Loki’s words', () => {
    const query = 'sum_over_time({a=~".+"} | logfmt | unwrap v [10s])'
    expect(refusal(query, source)).toMatchObject({
      kind: 'pipeline',
      message: expect.stringMatching(
        /^pipeline error: 'SampleExtractionErr' for series: '\{__error__="SampleExtractionErr", __error_details__=".*", a="1", v="x\\"y"\}'\.\nUse a label filter/,
      ),
    })
    expect(ask(query.replace('v [', 'v | __error__="" ['), source, at(10))).toHaveLength(3)
    expect(ask(query.replace('10s', '2s'), source, at(10))).toHaveLength(3)
  })

  it('count the series of an answer, not those on the way to it', () => {
    const query = 'count_over_time({a=~".+"}[10s])'
    expect(refusal(query, source, at(10), 2)).toMatchObject({
      kind: 'limit',
      message: expect.stringMatching(/^maximum number of series \(2\) reached for a single query; consider/),
    })
    expect(refusal(`${query} + 0`, source, every(1, 1, 10), 2).kind).toBe('limit')
    expect(ask(query, source, at(10), 3)).toHaveLength(3)
    expect(ask(`count(${query})`, source, at(10), 1)).toEqual(['{} 3'])
  })

  it('leave out approx_topk', () => {
    expect(refusal('approx_topk(2, sum by (a)(count_over_time({a="1"}[10s])))', nothing)).toMatchObject({
      kind: 'unsupported',
      message: 'approx_topk is not enabled. See -limits.shard_aggregations',
    })
  })
})

import { createServer, type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Entry, lineBytes, type Stream } from '../../loki/encode.ts'
import { missingFrom, spansOf, timeNs } from '../../loki/missing.ts'

const MINUTE_NS = 60_000_000_000n
const DAY_NS = 1_440n * MINUTE_NS

describe('the spans that are asked for', () => {
  const times = fc.array(fc.bigInt({ min: 0n, max: 400n * DAY_NS }), { maxLength: 50, size: 'max' })

  test('hold every time, do not overlap, and none is longer than Loki allows', () => {
    fc.assert(
      fc.property(times, (all) => {
        const spans = spansOf(all)
        for (const time of all)
          expect(spans.filter(({ fromNs, toNs }) => fromNs <= time && time <= toNs)).toHaveLength(1)
        for (const { fromNs, toNs } of spans) expect(toNs - fromNs).toBeLessThanOrEqual(30n * DAY_NS)
        expect(spans.length).toBeLessThanOrEqual(17 + 400 / 30)
      }),
    )
  })

  test('grow apart with the time that they cover: a sixteenth of it is no gap', () => {
    expect(spansOf([0n, 100n * MINUTE_NS, 1_600n * MINUTE_NS])).toEqual([
      { fromNs: 0n, toNs: 100n * MINUTE_NS },
      { fromNs: 1_600n * MINUTE_NS, toNs: 1_600n * MINUTE_NS },
    ])
    expect(spansOf([])).toEqual([])
  })

  test('are apart where nothing is wanted for a minute', () => {
    expect(spansOf([5n * MINUTE_NS, 0n, MINUTE_NS])).toEqual([
      { fromNs: 0n, toNs: MINUTE_NS },
      { fromNs: 5n * MINUTE_NS, toNs: 5n * MINUTE_NS },
    ])
  })
})

describe('missingFrom', () => {
  let server: Server
  let stored: { timeNs: bigint; line: string }[] = []
  let allowed = 5_000
  let questions: URLSearchParams[] = []

  // Answers as Loki does: lines with times in [start, end), oldest first, at most `limit`.
  beforeAll(async () => {
    server = createServer((request, response) => {
      const query = new URL(request.url ?? '', 'http://loki').searchParams
      questions.push(query)
      const limit = Number(query.get('limit'))
      if (limit > allowed) {
        const words = `max entries limit per query exceeded, limit > max_entries_limit_per_query (${limit} > ${allowed})`
        return void response.writeHead(400).end(words)
      }
      const [from, to] = [BigInt(query.get('start') ?? 0), BigInt(query.get('end') ?? 0)]
      const values = stored
        .filter((each) => each.timeNs >= from && each.timeNs < to)
        .sort((a, b) => Number(a.timeNs - b.timeNs))
        .slice(0, limit)
        .map((each) => [String(each.timeNs), each.line])
      const result = values.length === 0 ? [] : [{ stream: { job: 'j' }, values }]
      response.end(JSON.stringify({ data: { resultType: 'streams', result } }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterAll(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  const ask = (streams: readonly Stream[]) => {
    questions = []
    const nobody = { LOKI_TENANT_ID: undefined, LOKI_USERNAME: undefined, LOKI_PASSWORD: undefined }
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return missingFrom({ LOKI_URL: url, ...nobody, LOKI_BEARER_TOKEN: undefined }, 'j', streams)
  }
  const entryAt = (index: number, line: Uint8Array = Buffer.from(`line ${index}`)): Entry => ({
    seconds: 1_700_000_000 + Math.floor(index / 100),
    nanos: index % 100,
    line,
  })
  const asStored = (entry: Entry) => ({
    timeNs: timeNs(entry),
    line: lineBytes(entry.line).toString('utf8'),
  })

  test.each([5_000, 7, 2])('finds what is there page by page, %d lines each', async (limit) => {
    allowed = limit
    const entries = Array.from({ length: 300 }, (_, index) => entryAt(index))
    const isThere = (index: number) => index % 3 !== 0
    stored = entries.filter((_, index) => isThere(index)).map(asStored)
    const left = await ask([
      { labels: '{job="j", a="1"}', entries: entries.slice(0, 150) },
      { labels: '{job="j", a="2"}', entries: entries.slice(150) },
    ])
    expect(left.flatMap((stream) => stream.entries)).toEqual(entries.filter((_, index) => !isThere(index)))
    allowed = 5_000
  })

  test('gets past a time that has more lines than a page', async () => {
    allowed = 2
    const [first, second] = [entryAt(1), entryAt(2)]
    const others = ['b', 'c', 'd'].map((line) => ({ timeNs: timeNs(first), line }))
    stored = [asStored(first), ...others, asStored(second)]
    expect(await ask([{ labels: '{job="j"}', entries: [first, second] }])).toEqual([])
    allowed = 5_000
  })

  test('another line at the same time is not it, and a stream that is all there is left out', async () => {
    const [mine, other] = [entryAt(1), entryAt(2)]
    stored = [{ timeNs: timeNs(mine), line: 'another' }, asStored(other)]
    const streams = [
      { labels: '{job="j", a="1"}', entries: [mine] },
      { labels: '{job="j", a="2"}', entries: [other] },
    ]
    expect(await ask(streams)).toEqual([streams[0]])
  })

  test('bytes that are no UTF-8 are found, however many characters Loki makes of them', async () => {
    const entry = entryAt(3, Buffer.from([0x61, 0xff, 0xfe, 0xe2, 0x82, 0x62]))
    stored = [{ timeNs: timeNs(entry), line: 'a\ufffd\ufffd\ufffd\ufffdb' }]
    expect(await ask([{ labels: '{job="j"}', entries: [entry] }])).toEqual([])
  })

  test('asks about the whole job, past any cache', async () => {
    stored = []
    const left = await ask([{ labels: '{job="j", a="1"}', entries: [entryAt(1)] }])
    expect(left).toHaveLength(1)
    expect(questions.map((each) => each.get('query'))).toEqual(['{job="j"}'])
  })
})

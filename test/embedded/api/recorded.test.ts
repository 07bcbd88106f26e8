import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openStore } from '../../../embedded/store/open.ts'
import { type Store } from '../../../embedded/store/store.ts'
import { type Answer, answersOf, difference, pushed } from '../../logql/recorded.ts'
import { type Client, RECORDED_MS, served } from './served.ts'

/** Series come in the order of their labels in the recordings; Loki's own order is not one. */
const byLabels = (result: unknown, { params }: Answer): unknown =>
  Array.isArray(result) && !String(params.query).includes('sort')
    ? [...result].sort((a, b) => (labelsText(a) < labelsText(b) ? -1 : 1))
    : result
const labelsText = (series: { metric?: object; stream?: object }): string =>
  JSON.stringify(Object.entries(series.metric ?? series.stream ?? {}).sort())

/** Where a query is wrong, by Loki's account. */
const PLACE = /line \d+, col \d+/

describe('recorded questions, asked over HTTP', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-store-'))
  let store: Store
  let client: Client
  beforeAll(async () => {
    store = openStore(folder, { nowMs: () => RECORDED_MS })
    client = await served({ store })
    expect(await client.post('/loki/api/v1/push', JSON.stringify(pushed()))).toEqual({
      status: 204,
      body: '',
    })
  })
  afterAll(async () => {
    await client.close()
    store.close()
    rmSync(folder, { recursive: true })
  })

  const questions = answersOf('log', 'instant', 'range', 'instant-log', 'error', 'format')
  it.each(questions.map((answer) => [answer.kind, JSON.stringify(answer.params), answer] as const))(
    '%s %s',
    async (_kind, _params, answer) => {
      const { path = '', params, status, resultType, result, data, text } = answer
      const asked = await client.get(path, params)
      expect({ status: asked.status, body: asked.body.slice(0, 1_000) }).toMatchObject({ status })
      if (text !== undefined && status !== 200) {
        const [place] = PLACE.exec(text) ?? []
        return expect(asked.body).toContain(place ?? text.slice(0, 60))
      }
      const found = JSON.parse(asked.body)
      if (data !== undefined) return expect(found.data).toBe(data)
      expect(found.data.resultType).toBe(resultType)
      expect(difference(byLabels(found.data.result, answer), byLabels(result, answer))).toBeUndefined()
    },
  )
})

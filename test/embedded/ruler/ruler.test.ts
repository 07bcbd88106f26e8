import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { rulesAnswer } from '../../../embedded/ruler/answers.ts'
import { type Questions } from '../../../embedded/ruler/evaluate.ts'
import { type Notification } from '../../../embedded/ruler/notify.ts'
import { type Ruler, startRuler } from '../../../embedded/ruler/ruler.ts'

/** Stands in for an Alertmanager that can be made to refuse; the real one is in the tests of mails. */
let server: Server
let status = 200
const posts: Notification[][] = []
let folder = ''
let ruler: Ruler | undefined
const warnings: string[] = []
let found = ['crm']

beforeEach(async () => {
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      if (status === 200) posts.push(JSON.parse(body) as Notification[])
      response.writeHead(status).end('made up')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  folder = mkdtempSync(join(tmpdir(), 'vigie-rules-'))
  mkdirSync(join(folder, 'fake'))
  found = ['crm']
  status = 200
})
afterEach(async () => {
  await ruler?.stop()
  server.close()
  server.closeAllConnections()
  rmSync(folder, { recursive: true })
  posts.length = 0
  warnings.length = 0
})

const questions: Questions = {
  ask: async () => found.map((source) => ({ labels: new Map([['source', source]]), value: 1 })),
  askNow: () => [],
}
const log = () => undefined
const logger = {
  ...{ error: log, info: log, debug: log },
  warn: (message: string, details?: Record<string, unknown>) => {
    warnings.push(`${message}: ${String(details?.problem)}`)
  },
}
const written = (name: string, text: string) => writeFileSync(join(folder, 'fake', name), text)
const rule = (alert: string, expr = 'vector(1)') =>
  `groups: [{ name: ${alert}, interval: 10ms, rules: [{ alert: ${alert}, expr: '${expr}' }] }]`

function start(resendMs = 60_000): Ruler {
  const { port } = server.address() as AddressInfo
  ruler = startRuler(
    {
      ...{ directory: folder, alertmanagerUrl: `http://127.0.0.1:${port}/`, externalUrl: 'http://loki' },
      ...{ evaluationMs: 10, pollMs: 10, resendMs },
    },
    () => questions,
    logger,
  )
  return ruler
}

async function eventually<Result>(probe: () => Result | undefined | false): Promise<Result> {
  const end = Date.now() + 5_000
  for (;;) {
    const result = probe()
    if (result !== undefined && result !== false) return result
    if (Date.now() > end)
      throw new Error(`not within 5 s; posts: ${JSON.stringify(posts)} ${warnings.join()}`)
    await sleep(5)
  }
}
const sent = (name: string) => posts.flat().filter(({ labels }) => labels.alertname === name)

describe('the ruler', () => {
  test('tells Alertmanager of an alert once, and once more when it is resolved', async () => {
    written('a.yaml', rule('failed', 'vector(1) > 0'))
    start()
    const [alert] = await eventually(() => sent('failed').length === 1 && sent('failed'))
    expect(alert).toMatchObject({ labels: { alertname: 'failed', source: 'crm' }, annotations: {} })
    expect(alert?.generatorURL).toBe('http://loki/graph?g0.expr=vector(1)%20%3E%200&g0.tab=1')
    expect(Date.parse(alert?.endsAt ?? '')).toBeGreaterThan(Date.now() + 200_000)
    found = []
    const [, resolved] = await eventually(() => sent('failed').length === 2 && sent('failed'))
    expect(resolved?.startsAt).toBe(alert?.startsAt)
    expect(Date.parse(resolved?.endsAt ?? '')).toBeLessThanOrEqual(Date.now())
  })

  test('tells again of one that goes on', async () => {
    written('a.yaml', rule('failed'))
    start(30)
    await eventually(() => sent('failed').length >= 3)
  })

  test('what was not taken is sent again, and each refusal is counted', async () => {
    status = 500
    written('a.yaml', rule('failed'))
    const { failures } = start()
    await eventually(() => failures().notifications >= 2)
    expect(warnings[0]).toContain('answered 500: made up')
    status = 200
    await eventually(() => sent('failed').length === 1)
  })

  test('an alert that was over before Alertmanager could be told is told all the same, then its end', async () => {
    status = 500
    written('a.yaml', rule('failed'))
    const { failures } = start()
    await eventually(() => failures().notifications >= 1)
    found = []
    await eventually(() => failures().notifications >= 4)
    status = 200
    const [first, second] = await eventually(() => sent('failed').length >= 2 && sent('failed'))
    expect(Date.parse(first?.endsAt ?? '')).toBeGreaterThan(Date.now())
    expect(Date.parse(second?.endsAt ?? '')).toBeLessThanOrEqual(Date.now())
  })

  test('a new file is read, a changed one begins anew, one that is gone is forgotten', async () => {
    const { groups } = start()
    written('a.yaml', rule('first'))
    await eventually(() => sent('first').length > 0)
    written('a.yaml', rule('second'))
    await eventually(() => sent('second').length > 0)
    expect(groups('fake').map(({ group }) => group.name)).toEqual(['second'])
    rmSync(join(folder, 'fake', 'a.yaml'))
    await eventually(() => groups('fake').length === 0)
    expect(groups('other')).toEqual([])
  })

  test('a broken file is told of once and leaves the others alone', async () => {
    written('a.yaml', 'groups: {')
    written('b.yaml', rule('good'))
    start()
    await eventually(() => sent('good').length > 0)
    await eventually(() => warnings.length > 0)
    written('a.yaml', rule('mended'))
    await eventually(() => sent('mended').length > 0)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('a file of rules is left out')
  })

  test('a rule that cannot be evaluated is visible, and counted at each evaluation', async () => {
    const ask = questions.ask
    questions.ask = () => Promise.reject(new Error('maximum number of series'))
    try {
      written('a.yaml', rule('failed'))
      const { failures, groups } = start()
      await eventually(() => failures().evaluations >= 2)
      const { groups: told } = rulesAnswer(groups('fake'))
      expect(told[0]?.rules[0]).toMatchObject({ health: 'err', lastError: 'maximum number of series' })
      expect(warnings).toEqual(['a rule cannot be evaluated: maximum number of series'])
    } finally {
      questions.ask = ask
    }
  })
})

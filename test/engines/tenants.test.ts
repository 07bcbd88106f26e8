import { expect, test } from '@jest/globals'
import { HEADER } from '../../log/names.ts'
import {
  asMessages,
  countOf,
  createTopic,
  deadLettersOf,
  eventually,
  logAt,
  produce,
  startShipper,
  stopService,
  unique,
} from './harness.ts'
import { ownLoki } from './own-loki.ts'

const ownAs = ownLoki()

const RECORDS = 6_000

test('each record is stored once, with the tenant that its field names, also after a kill', async () => {
  const topic = unique('tenants')
  const source = unique('tenants')
  const tenants = ['acme', 'globex', undefined, '../evil']
  await createTopic(topic, 3)
  const logs = Array.from({ length: RECORDS }, (_, index) => ({
    ...logAt(source, 60 + index * 0.01, { description: `run ${index}`, zone: `z${index % 2}` }),
    customer: tenants[index % tenants.length],
  }))
  await produce(topic, asMessages(logs))
  const env = {
    ...{ KAFKA_TOPIC: topic, KAFKA_GROUP_ID: `${topic}-group`, SHIPPER_TENANT_FIELD: 'customer' },
    ...{ LOKI_URL: ownAs('everyone-else').LOKI_URL, LOKI_TENANT_ID: 'everyone-else' },
    SHIPPER_BATCH_BYTES: '65536',
  }
  const countAs = (tenant: string) => countOf(source, ownAs(tenant))
  const first = await startShipper(env)
  await eventually('a few stored', async () => (await countAs('acme')) > 0)
  first.child.kill('SIGKILL')
  await first.ended

  const second = await startShipper(env)
  const each = RECORDS / tenants.length
  await eventually(
    'all settled',
    async () => {
      const [acme, globex, others] = await Promise.all(['acme', 'globex', 'everyone-else'].map(countAs))
      return acme === each && globex === each && others === each
    },
    60_000,
  )
  await eventually('nothing waits', async () => (await second.metric('vigie_shipper_lag_messages')) === 0)
  await stopService(second)
  for (const tenant of ['acme', 'globex', 'everyone-else']) expect(await countAs(tenant)).toBe(each)

  const letters = await deadLettersOf(topic)
  const places = letters.map(({ headers }) => `${headers[HEADER.partition]}/${headers[HEADER.offset]}`)
  expect(new Set(places).size).toBe(each)
  expect(new Set(letters.map(({ headers }) => headers[HEADER.reason]))).toEqual(new Set(['invalid_tenant']))
})

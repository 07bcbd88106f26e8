import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { HEADER } from '../../log/names.ts'
import { httpProxy } from './faulty-proxy.ts'
import {
  createTopic,
  deadLettersOf,
  eventually,
  linesOf,
  logAt,
  produce,
  startShipper,
  stopService,
  unique,
} from './harness.ts'
import { ownLoki } from './own-loki.ts'

const ownAs = ownLoki()

const PARTITIONS = 3
const LONG_LINE = 'x'.repeat(262_144)
const LONG_LABEL = 'y'.repeat(2_049)

const log = (more: Record<string, unknown>) => JSON.stringify({ ...logAt('hostile', 60), ...more })

/** Values that Loki takes, one way or the other. */
const taken: (string | Buffer)[] = [
  ...[
    'text',
    '42',
    'null',
    'true',
    '"a text"',
    '[]',
    '[{"source":"in a list"}]',
    '{}',
    ' ',
    '\n',
    '\0',
    '{"a":1}{"a":2}',
  ],
  ...[
    '\ufeff{}',
    '{"source":"cut',
    '{"source":"a",}',
    "{'source':'a'}",
    '{"source":01}',
    '{"fin":1e999}',
    '[['.repeat(50_000),
  ],
  ...[
    'a\r\nb\tc',
    '\u2028',
    '\u202eright to left',
    '<script>alert(1)</script>',
    '`{{.}}`',
    '{job="x"} |= "y"',
    '%s%n$1',
  ],
  ...[1, true, null, {}, [], 1.5e300].flatMap((wrong) => [
    log({ source: wrong }),
    log({ etat: wrong }),
    log({ zone: wrong, entreprise: wrong }),
    log({ fin: wrong }),
  ]),
  ...[
    '',
    ' ',
    '"',
    '\\',
    '\\"',
    '\n',
    '\0',
    '\u007f',
    'é漢字🦊',
    '\ud800',
    '__proto__',
    'constructor',
    '}',
    '{a="b"}',
    'a,b',
  ].map((source) => log({ source })),
  ...[
    'yesterday',
    '',
    '2026-02-30T00:00:00Z',
    '2300-01-01T00:00:00Z',
    '-000001-01-01T00:00:00Z',
    '1969-12-31T23:59:59Z',
    '0',
  ].map((fin) => log({ fin })),
  log({}).replace('{', '{"source":"first",'),
  log({}).replace('"source"', '"sou\\u0072ce"'),
  log({}).replaceAll(',', ' ,\n'),
  log({ ['__proto__']: null, toString: 'x', hasOwnProperty: 1 }),
  log({ source: LONG_LABEL.slice(1) }),
  LONG_LINE,
  Buffer.from([0xff, 0xfe, 0x00]),
  Buffer.from([0xc3, 0x28, 0xe2, 0x28, 0xa1]),
  Buffer.concat([Buffer.from('{"source":"'), Buffer.from([0xf0, 0x28]), Buffer.from('"}')]),
  ...Array.from({ length: 5 }, () => log({ description: 'the same again' })),
  ...fc.sample(fc.json(), 60),
  ...fc.sample(fc.uint8Array({ minLength: 1, maxLength: 200 }), 60).map((bytes) => Buffer.from(bytes)),
]
/** Values that it does not take, by the reason. */
const refused: [reason: string, value: string][] = [
  ['line_too_long', `${LONG_LINE}x`],
  ['line_too_long', log({ description: LONG_LINE })],
  ['label_too_long', log({ source: LONG_LABEL })],
  ['label_too_long', log({ zone: '漢'.repeat(700) })],
  ['too_new', log({ fin: new Date(Date.now() + 3 * 86_400_000).toISOString() })],
  ['too_new', log({ fin: '2261-12-31T00:00:00Z' })],
]

const KEYS = [null, '', ' ', '\0', '"}', '\ufffd', 'é漢字🦊', Buffer.from([0xff, 0xc3]), 'k'.repeat(10_000)]
const HEADERS: Record<string, string | Buffer | (string | Buffer)[]>[] = [
  {},
  { '': 'no name', ' ': '', é: '\0', ['__proto__']: 'x', '1st': 'digits' },
  { 'a b': 'one', a_b: ['two', Buffer.from([0xff]), '\ufffd'] },
]

/**
 * What is no UTF-8 comes back from Loki as replacement characters, in its number of them. Of a long line the
 * beginning and the length are enough to tell it.
 */
function asAnswered(value: string | Buffer): string {
  const text = String(value).replace(/\ufffd+/g, '\ufffd')
  return text.length > 300 ? `${text.slice(0, 300)}… ${text.length}` : text
}

const storedLines = async (tenant: string): Promise<string[]> =>
  (await linesOf('{job="kafka-logs"}', ownAs(tenant))).map(({ line }) => asAnswered(line))

test('of a topic of hostile records each is stored once as it is, or a dead letter, over lost answers and a kill', async () => {
  const topic = unique('hostile')
  await createTopic(topic, PARTITIONS)
  const values = [...taken, ...refused.map(([, value]) => value)]
  const [mixed = []] = fc.sample(fc.shuffledSubarray(values, { minLength: values.length }), 1)
  await produce(
    topic,
    mixed.map((value, index) => ({
      key: KEYS[index % KEYS.length] ?? null,
      value,
      headers: HEADERS[index % HEADERS.length] ?? {},
      partition: index % PARTITIONS,
    })),
  )
  const proxy = await httpProxy(ownAs(topic).LOKI_URL, (count) =>
    count % 3 === 0 ? 'lost answer' : undefined,
  )
  const env = {
    ...{ KAFKA_TOPIC: topic, KAFKA_GROUP_ID: `${topic}-group`, SHIPPER_BATCH_BYTES: '65536' },
    ...{ LOKI_URL: proxy.url, LOKI_TENANT_ID: topic },
    SHIPPER_METADATA: 'key,headers,partition,offset',
  }
  const first = await startShipper(env)
  await eventually('a few stored', async () => (await storedLines(topic)).length > 0)
  first.child.kill('SIGKILL')
  await first.ended
  const second = await startShipper(env)
  await eventually(
    'all that Loki takes is stored',
    async () => (await storedLines(topic)).length >= taken.length,
    60_000,
  )
  await eventually('nothing waits', async () => (await second.metric('vigie_shipper_lag_messages')) === 0)
  expect(await stopService(second)).toMatchObject({ code: 0 })
  await proxy.close()

  expect((await storedLines(topic)).sort()).toEqual(taken.map(asAnswered).sort())
  const letters = await deadLettersOf(topic)
  // A letter that was written just before the kill may be there again: a copy, with the same place.
  const told = new Map(
    letters.map(({ value, headers }) => [
      `${headers[HEADER.partition]}/${headers[HEADER.offset]}`,
      [headers[HEADER.reason], asAnswered(value)],
    ]),
  )
  const expected = refused.map(([reason, value]) => [reason, asAnswered(value)])
  expect([...told.values()].sort()).toEqual(expected.sort())
})

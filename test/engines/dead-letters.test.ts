import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { HEADER, TOPIC } from '../../log/names.ts'
import { eventually, linesOf, start, startShipper, stopService, unique, vigie } from './harness.ts'
import { letter, lettersOf, type OwnKafka, startOwnKafka, upTo } from './letters.ts'
import { reservedPort } from './ports.ts'

let kafka: OwnKafka
beforeAll(async () => {
  kafka = await startOwnKafka()
}, 120_000)
afterAll(() => kafka.stop())

const deadLetters = (...args: string[]) => vigie(['dead-letters', ...args], kafka.env)
const startRetry = () => start(['dead-letters', 'retry'], kafka.env)
const beginsEmpty = () =>
  beforeEach(async () => {
    expect(await deadLetters('purge', '--yes')).toMatchObject({ code: 0 })
  })

async function answer<Answer>(...args: string[]): Promise<Answer & { code: number | null }> {
  const { code, stdout, stderr } = await deadLetters(...args, '--json')
  // On a busy machine it takes so long that it says how far it is.
  expect(stderr).not.toContain('vigie:')
  return { ...(JSON.parse(stdout) as Answer), code }
}
type Listed = {
  letters: number
  copies: number
  byReason: Record<string, number>
  newest: { offset: string; line: string; copies: number }[]
}
const list = (...args: string[]) => answer<Listed>('list', ...args)
const retry = (...args: string[]) =>
  answer<{ settled: number; byTopic: object; staying: object }>('retry', ...args)

async function topicOf(name: string): Promise<string> {
  const topic = unique(name)
  await kafka.makeTopic(topic)
  return topic
}

const NOTHING = { code: 0, stdout: 'No dead letter waits.\n', stderr: '' }

describe('where nothing waits', () => {
  test.each([[['list']], [['retry']], [['retry', '--dry-run']], [['purge', '--yes']]])(
    '%j says so',
    async (args) => {
      expect(await deadLetters(...args)).toEqual(NOTHING)
    },
  )

  test('it is the same where the topic is not there', async () => {
    const isThere = () => kafka.admin(async (it) => (await it.listTopics()).includes(TOPIC.deadLetters))
    await kafka.admin((it) => it.deleteTopics({ topics: [TOPIC.deadLetters] }))
    await eventually('it is gone', async () => !(await isThere()))
    try {
      for (const args of [['list'], ['retry'], ['purge', '--yes']])
        expect(await deadLetters(...args)).toEqual(NOTHING)
      expect(await isThere()).toBe(false)
    } finally {
      await kafka.makeTopic(TOPIC.deadLetters)
    }
  })
})

describe('list', () => {
  beginsEmpty()
  test('counts all, folds copies, shows the newest, and lets no control character through', async () => {
    const topic = unique('list')
    const hostile = { value: `\u001b[2J\u009b${topic}` }
    await kafka.writeLetters([
      ...lettersOf(topic, 30),
      ...lettersOf(topic, 3),
      letter(topic, 30, 'too_large', hostile),
      letter(topic, 30, 'too_large', hostile),
    ])
    const { newest, ...counts } = await list('--limit', '2')
    expect(counts).toEqual({ code: 0, letters: 31, copies: 4, byReason: { bad_request: 30, too_large: 1 } })
    expect(newest).toMatchObject([
      { offset: '29', copies: 0 },
      { offset: '30', copies: 1, line: `�[2J�${topic}` },
    ])
    const { stdout } = await deadLetters('list')
    expect(stdout).toContain('31 dead letters wait')
    expect(stdout).toContain(`${topic}, partition 0, offset 30  (copies: 1)`)
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(await list('--reason', 'too_large')).toMatchObject({ letters: 1, copies: 1 })
    expect(await list('--reason', 'nobody', '--limit', '0')).toMatchObject({ letters: 0, newest: [] })
  })
})

describe('retry', () => {
  beginsEmpty()
  test('sends each letter once to where it came from, in order, with its key; then nothing waits', async () => {
    const [first, second] = [await topicOf('retry-a'), await topicOf('retry-b')]
    const keyed = letter(second, 7, 'bad_request', { key: 'own key', value: '{"number": 7}' })
    await kafka.writeLetters([...lettersOf(first, 25), keyed, ...lettersOf(first, 5), keyed])
    const plan = { settled: 26, copies: 6, byTopic: { [first]: 25, [second]: 1 }, staying: {}, cut: 0 }
    expect(await retry('--dry-run')).toEqual({ code: 0, ...plan, dryRun: true })
    expect(await kafka.recordsOn(first)).toBe(0)
    expect(await retry()).toEqual({ code: 0, ...plan, dryRun: false })
    const sent = await kafka.committed(first)
    expect(await kafka.sentTo(first)).toEqual(upTo(25))
    for (const { key, value } of sent) expect(JSON.parse(value)).toMatchObject({ source: key })
    expect(sent.filter(({ key }) => key === 'source-3').map(({ value }) => JSON.parse(value).number)).toEqual(
      [3, 10, 17, 24],
    )
    expect(await kafka.committed(second)).toMatchObject([{ key: 'own key', value: '{"number": 7}' }])
    expect(await list()).toMatchObject({ letters: 0, copies: 0 })
    // A copy that a shipper writes only now, after its crash.
    await kafka.writeLetters(lettersOf(first, 2))
    expect(await retry()).toMatchObject({ settled: 0 })
    await kafka.writeLetters([letter(first, 100)])
    expect(await retry()).toMatchObject({ settled: 1, byTopic: { [first]: 1 } })
    expect(await kafka.sentTo(first)).toEqual([...upTo(25), 100])
  })

  test('one of which only the beginning is here stays, and the exit code says so', async () => {
    const topic = await topicOf('cut')
    const [whole, cut] = [letter(topic, 1), letter(topic, 2)]
    await kafka.writeLetters([whole, { ...cut, headers: { ...cut.headers, [HEADER.cut]: '4800000' } }])
    expect(await retry()).toMatchObject({ code: 3, settled: 1, staying: {}, cut: 1 })
    expect(await kafka.sentTo(topic)).toEqual([1])
    expect(await list()).toMatchObject({ letters: 1 })
  })

  test('of one reason: the others still wait, in their place', async () => {
    const topic = await topicOf('reasons')
    await kafka.writeLetters(
      upTo(20).map((offset) => letter(topic, offset, offset % 2 === 0 ? 'even' : 'odd')),
    )
    expect(await retry('--reason', 'odd')).toMatchObject({ code: 0, settled: 10 })
    expect((await kafka.sentTo(topic)).every((offset) => offset % 2 === 1)).toBe(true)
    expect(await list('--limit', '1')).toMatchObject({
      letters: 10,
      byReason: { even: 10 },
      newest: [{ offset: '18' }],
    })
    expect(await retry('--reason', 'odd')).toMatchObject({ code: 0, settled: 0 })
    expect(await retry()).toMatchObject({ code: 0, settled: 10 })
    expect(await kafka.sentTo(topic)).toEqual(upTo(20))
  })

  test('letters of a topic that is not there stay, and the exit code says so', async () => {
    const [here, gone] = [await topicOf('here'), unique('gone')]
    await kafka.writeLetters([letter(gone, 0), letter(here, 0), { value: 'from nowhere' }])
    const { code, stdout } = await deadLetters('retry')
    expect(code).toBe(3)
    expect(stdout).toContain('Sent 1 dead letter again, to:')
    expect(stdout).toContain(`1 dead letter stays: the topic ${gone} does not exist.`)
    expect(stdout).toContain('1 dead letter stays: no header says where from.')
    expect(await list()).toMatchObject({ letters: 2 })
    await kafka.makeTopic(gone)
    expect(await retry()).toMatchObject({ code: 3, settled: 1, byTopic: { [gone]: 1 } })
    expect(await kafka.sentTo(here)).toEqual([0])
    expect(await kafka.sentTo(gone)).toEqual([0])
  })

  test('killed again and again, and started again, it neither loses nor doubles a letter', async () => {
    const topic = await topicOf('killed')
    const total = 40_000
    await kafka.writeLetters(lettersOf(topic, total))
    await kafka.writeLetters(lettersOf(topic, 3_000, 'bad_request', 5_000))
    let killedInBetween = 0
    for (let kill = 0; kill < 4; kill++) {
      const before = await kafka.recordsOn(topic)
      const { child, ended } = startRetry()
      await eventually(
        'it sends',
        async () => child.exitCode !== null || (await kafka.recordsOn(topic)) > before,
      )
      await pause(Math.random() * 60)
      child.kill('SIGKILL')
      if ((await ended).stdout === '') killedInBetween++
    }
    expect(killedInBetween).toBeGreaterThan(1)
    expect(await retry()).toMatchObject({ code: 0 })
    expect(await kafka.sentTo(topic)).toEqual(upTo(total))
    expect(await list()).toMatchObject({ letters: 0 })
  }, 120_000)

  test('of two at once the later goes on, the earlier ends with one sentence', async () => {
    const topic = await topicOf('two')
    const total = 30_000
    await kafka.writeLetters(lettersOf(topic, total))
    const first = startRetry()
    await eventually('it sends', async () => (await kafka.recordsOn(topic)) > 0)
    // Else it may be through before the second has begun.
    first.child.kill('SIGSTOP')
    const { code } = await deadLetters('retry')
    first.child.kill('SIGCONT')
    expect(await first.ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^vigie: Another `vigie dead-letters` took over.*\n$/m),
    })
    expect(code).toBe(0)
    expect(await kafka.sentTo(topic)).toEqual(upTo(total))
  }, 120_000)

  test('interrupted, it says how far it came', async () => {
    const topic = await topicOf('interrupted')
    await kafka.writeLetters(lettersOf(topic, 30_000))
    const { child, ended } = startRetry()
    await eventually('it sends', async () => (await kafka.recordsOn(topic)) > 0)
    child.kill('SIGINT')
    const { code, stderr } = await ended
    expect(code).toBe(1)
    const [, settled] = /vigie: Interrupted\. (\d+) dead letters were settled/.exec(stderr) ?? []
    expect(await list()).toMatchObject({ letters: 30_000 - Number(settled) })
    expect(await kafka.sentTo(topic)).toHaveLength(Number(settled))
  }, 60_000)
})

describe('purge', () => {
  beginsEmpty()
  test('forgets one reason, or all; then the records are gone, too', async () => {
    const topic = await topicOf('purge')
    await kafka.writeLetters([...lettersOf(topic, 4, 'kept'), ...lettersOf(topic, 3, 'forgotten', 10)])
    expect(await deadLetters('purge', '--reason', 'forgotten', '--yes')).toMatchObject({
      code: 0,
      stdout: 'Purged 3 dead letters with the reason forgotten.\n',
    })
    expect(await list()).toMatchObject({ letters: 4, byReason: { kept: 4 } })
    expect(await deadLetters('purge', '--yes')).toMatchObject({ code: 0, stdout: 'Purged 4 dead letters.\n' })
    expect(await list()).toMatchObject({ letters: 0 })
    expect(await kafka.recordsOn(topic)).toBe(0)
    const values = (await kafka.committed(TOPIC.deadLetters)).map(({ value }) => value)
    expect(values.filter((value) => value.includes('source'))).toEqual([])
    await kafka.writeLetters([letter(topic, 20)])
    expect(await retry()).toMatchObject({ settled: 1 })
  })

  test('asks for --yes, and changes nothing without', async () => {
    await kafka.writeLetters([letter(unique('careful'), 0)])
    const { code, stderr } = await deadLetters('purge')
    expect({ code, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, lines: 1 })
    expect(stderr).toContain('add --yes')
    expect(await list()).toMatchObject({ letters: 1 })
  })
})

test('what was settled is not shipped: Loki has each letter once, before and after', async () => {
  const topic = await topicOf('settled')
  await kafka.writeLetters([...lettersOf(topic, 4, 'kept'), ...lettersOf(topic, 3, 'sent', 10)])
  const shipper = await startShipper({
    KAFKA_BROKERS: kafka.env.KAFKA_BROKERS ?? '',
    KAFKA_TOPIC: topic,
    KAFKA_GROUP_ID: topic,
    SHIPPER_SIDE_TOPICS: 'true',
  })
  const shipped = () => linesOf(`{job="ingestion-dead-letters"} |= "${topic}"`)
  await eventually('the letters are in Loki', async () => (await shipped()).length === 7)
  expect(await retry('--reason', 'sent')).toMatchObject({ settled: 3 })
  await kafka.writeLetters([letter(topic, 20, 'last')])
  await eventually('the letter behind the settlement is in Loki', async () => (await shipped()).length >= 8)
  expect(await shipped()).toHaveLength(8)
  await eventually(
    'the logs are shipped',
    async () => (await shipper.metric('vigie_shipper_lag_messages')) === 0,
  )
  await stopService(shipper)
}, 60_000)

test.each([[['list']], [['retry']], [['purge', '--yes']]])('%j: Kafka does not answer', async (args) => {
  const { code, stdout, stderr } = await vigie(['dead-letters', ...args], {
    KAFKA_BROKERS: `127.0.0.1:${await reservedPort()}`,
  })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^vigie: Kafka at 127\.0\.0\.1:\d+ does not answer .*\n$/)
})

test.each([
  [['list', '--limit', '-1'], /--limit/],
  [['list', '--limit', 'some'], /--limit/],
  [['retry', '--now'], /unknown option/],
  [['forget'], /unknown command/],
])('wrong usage is told: %j', async (args, sentence) => {
  const { code, stdout, stderr } = await deadLetters(...args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(sentence)
})

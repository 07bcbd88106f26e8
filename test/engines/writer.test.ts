import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createKafka, withAdmin } from '../../kafka/client.ts'
import { type KafkaSettings } from '../../kafka/config.ts'
import { headerText } from '../../kafka/headers.ts'
import { openWriter, type Writer, type WriterRecord } from '../../kafka/writer/writer.ts'
import { HEADER, TOPIC } from '../../log/names.ts'
import { sendToDeadLetters } from '../../shipper/push/dead-letters.ts'
import { createTopic, settings, unique } from './harness.ts'
import { type OwnKafka, startOwnKafka } from './own-kafka.ts'
import { read } from './read.ts'

const newTopic = async (partitions = 1, config: Record<string, string> = {}): Promise<string> => {
  const topic = unique('writer')
  await createTopic(topic, partitions, config)
  return topic
}

describe('a writer', () => {
  let writer: Writer
  beforeAll(async () => {
    writer = await openWriter(settings.kafka, 'test')
  })
  afterAll(() => writer.close())

  test('writes to 64 partitions by key, and says where the records are', async () => {
    const topic = await newTopic(64)
    const records = Array.from({ length: 5_000 }, (_, index) => ({
      ...{
        topic,
        key: `source-${index % 500}`,
        value: String(index),
        timestampMs: 1_700_000_000_000 + index,
      },
    }))
    const { stored, refused } = await writer.write(records)
    expect(refused).toEqual([])
    const found = await read(topic)
    expect(found.map(({ record }) => Number(record.value)).sort((a, b) => a - b)).toEqual([...records.keys()])
    expect(found.every(({ record }) => record.timestampMs === 1_700_000_000_000 + Number(record.value))).toBe(
      true,
    )
    const partitions = new Map(found.map(({ partition, record }) => [String(record.key), partition]))
    expect(found.every(({ partition, record }) => partitions.get(String(record.key)) === partition)).toBe(
      true,
    )
    for (const { partition, offset, count } of stored)
      expect([offset, count]).toEqual([0n, found.filter((each) => each.partition === partition).length])
  })

  test('says when Kafka appended, where a topic has that time', async () => {
    const topic = await newTopic(1, { 'message.timestamp.type': 'LogAppendTime' })
    const beforeMs = Date.now()
    const { stored } = await writer.write([{ topic, value: 'a' }])
    expect(stored[0]?.appendedMs).toBeGreaterThanOrEqual(beforeMs - 1)
    expect(stored[0]?.appendedMs).toBeLessThanOrEqual(Date.now() + 1)
  })

  test('keeps nulls, headers and bytes as they are', async () => {
    const topic = await newTopic()
    const value = randomBytes(300)
    await writer.write([
      { topic, key: null, value },
      { topic, key: 'é', value: null, headers: { name: 'ü', bytes: Buffer.from([0, 255]) } },
    ])
    const [first, second] = (await read(topic)).map(({ record }) => record)
    expect([first?.key, first?.value]).toEqual([null, value])
    expect([String(second?.key), second?.value]).toEqual(['é', null])
    expect(second?.headers).toEqual({ name: Buffer.from('ü'), bytes: Buffer.from([0, 255]) })
  })

  test('keeps to a small max.message.bytes: what fits is stored, what alone does not is cut or refused', async () => {
    const topic = await newTopic(2, { 'max.message.bytes': '20000' })
    const values = Array.from({ length: 400 }, (_, index) => ({
      ...{ topic, partition: index % 2, value: `${index} ${randomBytes(200 + index).toString('hex')}` },
    }))
    const refusedOne: WriterRecord = { topic, partition: 0, value: randomBytes(30_000) }
    const cutOne: WriterRecord = { topic, partition: 1, value: randomBytes(30_000), ifTooLarge: 'cut' }
    const { refused } = await writer.write([...values, refusedOne, cutOne])
    expect(refused.map(({ record, maxBytes }) => [record, maxBytes])).toEqual([[refusedOne, 20_000]])
    const found = await read(topic)
    expect(found).toHaveLength(401)
    for (const partition of [0, 1]) {
      const own = found
        .filter((each) => each.partition === partition)
        .map(({ record }) => String(record.value))
      const sent = values.filter((each) => each.partition === partition).map(({ value }) => value)
      expect(own.slice(0, sent.length)).toEqual(sent)
    }
    const cut = found
      .map(({ record }) => record)
      .find((record) => headerText(record, HEADER.cut) !== undefined)
    expect(cut && headerText(cut, HEADER.cut)).toBe('30000')
    expect(cut?.value?.length).toBeGreaterThan(19_000)
  })

  test('halves what a broker that compresses anew finds too large', async () => {
    const topic = await newTopic(1, { 'max.message.bytes': '20000', 'compression.type': 'uncompressed' })
    const values = Array.from({ length: 2_000 }, (_, index) => `${index} ${'same '.repeat(30)}`)
    await writer.write(values.map((value) => ({ topic, value })))
    const cut = { topic, value: 'x'.repeat(50_000), ifTooLarge: 'cut' as const }
    expect((await writer.write([cut])).refused).toEqual([])
    const found = (await read(topic)).map(({ record }) => record)
    expect(found.slice(0, -1).map(({ value }) => String(value))).toEqual(values)
    const last = found.at(-1)
    expect(last && headerText(last, HEADER.cut)).toBe('50000')
  })

  test('a topic’s limit that is lowered and raised while the writer knows another one', async () => {
    const topic = await newTopic()
    const write = (size: number) => writer.write([{ topic, value: randomBytes(size) }])
    await write(500_000)
    await setLimit(topic, '100000')
    expect((await write(500_000)).refused).toHaveLength(1)
    expect((await write(90_000)).refused).toHaveLength(0)
    expect(await read(topic)).toHaveLength(2)
  })

  test('a dead letter of 4.8 MB arrives, cut and marked, and those beside it whole', async () => {
    const source = unique('large')
    const large = await newTopic(1, { 'max.message.bytes': '5000000' })
    const values = [Buffer.from('small'), randomBytes(4_800_000), Buffer.from('small too')]
    await writer.write(values.map((value) => ({ topic: large, key: source, value })))
    const records = (await read(large)).map(({ record }) => record)
    expect(records).toHaveLength(3)
    const refusal = { reason: 'line_too_long', detail: 'é'.repeat(10_000) }
    await sendToDeadLetters(writer, { topic: large, partition: 0 }, records, refusal)
    const letters = (await read(TOPIC.deadLetters))
      .map(({ record }) => record)
      .filter((record) => headerText(record, HEADER.topic) === large)
    expect(letters.map((letter) => headerText(letter, HEADER.offset))).toEqual(['0', '1', '2'])
    expect(letters.map((letter) => headerText(letter, HEADER.cut))).toEqual([undefined, '4800000', undefined])
    expect(String(letters[0]?.value)).toBe('small')
    const cut = letters[1]?.value
    expect(cut?.length).toBeGreaterThan(1_000_000)
    expect(cut?.equals(values[1]?.subarray(0, cut.length) ?? Buffer.alloc(0))).toBe(true)
  })
})

async function setLimit(topic: string, value: string): Promise<void> {
  await withAdmin(createKafka(settings.kafka, 'test'), settings.kafka.KAFKA_BROKERS, (admin) =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: 2, name: topic, configEntries: [{ name: 'max.message.bytes', value }] }],
    }),
  )
}

describe('kill -9 of the broker', () => {
  let kafka: OwnKafka
  let where: KafkaSettings
  beforeAll(async () => {
    kafka = await startOwnKafka()
    where = { ...settings.kafka, KAFKA_BROKERS: [kafka.broker] }
  }, 90_000)
  afterAll(() => kafka.close())

  test('again and again while records are written: each is there once, in order', async () => {
    const topic = 'killed'
    await createTopic(topic, 8, {}, where)
    const writer = await openWriter(where, 'test')
    let isWriting = true
    let number = 0
    const writing = (async () => {
      while (isWriting) {
        const records = Array.from({ length: 200 }, () => {
          const value = String(number++)
          return { topic, partition: Number(value) % 8, value: `${value} ${'.'.repeat(200)}` }
        })
        await writer.write(records)
      }
    })()
    for (let round = 0; round < 3; round++) {
      await sleep(700 + 300 * round)
      await kafka.kill()
      await sleep(500)
      await kafka.start()
    }
    await sleep(2_000)
    isWriting = false
    await writing
    writer.close()
    const found = await read(topic, where)
    for (let partition = 0; partition < 8; partition++) {
      const own = found
        .filter((each) => each.partition === partition)
        .map(({ record }) => Number.parseInt(String(record.value), 10))
      expect(own).toEqual(Array.from({ length: number / 8 }, (_, index) => index * 8 + partition))
    }
  }, 180_000)
})

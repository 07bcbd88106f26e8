import { type Lease } from '../../kafka/consumer/lease.ts'
import { type TopicPartition } from '../../kafka/consumer/partitions.ts'
import { type DecodedRecord } from '../../kafka/decoded-record.ts'
import { type LokiSettings } from '../../loki/config.ts'
import { type Entry, type Stream } from '../../loki/encode.ts'
import { type LokiLimits } from '../../loki/limits.ts'
import { missingFrom } from '../../loki/missing.ts'
import { delayBeforeMs, type Outcome } from '../../loki/outcome.ts'
import { encoded, push } from '../../loki/push.ts'
import { reasonOf, type VigieError } from '../../service/errors.ts'
import { either, pause } from '../../service/shutdown.ts'
import { type Batch } from '../batch/batch.ts'
import { fitted } from '../batch/fit.ts'
import { type ShipperEvents } from '../events.ts'
import { type LaneWork } from '../lane/lane.ts'
import { type Ending } from '../lane/lanes.ts'
import { type ShippedTopic } from '../side.ts'
import { type Pushing, pushUntilAcknowledged } from './acknowledge.ts'
import { DEFECT, type Refusal } from './dead-letters.ts'
import { type Isolation } from './isolate.ts'

/** How often a lane looks whether its member may go on. */
const LOOK_AGAIN_MS = 100

/** What all pushes share. */
export type Sink = {
  loki: LokiSettings
  pushTimeoutMs: number
  /** Lines that are too long are cut, with a mark, instead of becoming dead letters. */
  truncate: boolean
  limits: () => LokiLimits
  isolation: Isolation
  lease: Lease
  events: ShipperEvents
  /** Writes refused records to the dead letters. Throws errors of kafkajs. */
  sendToDeadLetters: (
    of: TopicPartition,
    records: readonly DecodedRecord[],
    refusal: Refusal,
  ) => Promise<void>
}

/** Delivers the batches of one partition to Loki, as `LaneWork` says. */
export function delivery(
  sink: Sink,
  shipped: ShippedTopic,
  of: TopicPartition,
  { closed, broken }: Ending,
): Pick<LaneWork, 'deliver' | 'bury'> {
  const { topic, partition } = of
  const { loki, events, lease } = sink
  const mayGoOn = async (): Promise<boolean> => {
    while (!closed.signal.aborted && !lease.isValid()) await pause(LOOK_AGAIN_MS, closed.signal)
    return !closed.signal.aborted
  }

  const pushOnce = async (streams: readonly Stream[]): Promise<Outcome> => {
    const { body, uncompressedBytes } = encoded(streams)
    const { signal, release } = either(lease.signal(), broken.signal)
    // A process that was suspended on its way here must not send what another member may own by now.
    const guard = { signal, mayBeSent: lease.isValid }
    const outcome = await push(asTenant(loki, streams[0]?.tenant), body, sink.pushTimeoutMs, guard)
    release()
    events.pushAnswered(outcome, uncompressedBytes)
    return outcome
  }

  let mayAsk = true
  const missing = async (streams: readonly Stream[]): Promise<Stream[] | undefined> => {
    for (let attempt = 1; await mayGoOn(); attempt++) {
      try {
        const left: Stream[] = []
        for (const [tenant, own] of byTenant(streams))
          left.push(...(await missingFrom(asTenant(loki, tenant), shipped.job, own)))
        mayAsk = true
        events.questionAnswered(topic, countOf(streams) - countOf(left))
        return left
      } catch (error) {
        if ((error as VigieError).code === 'LOKI_AUTHENTICATION') {
          mayAsk = false
          events.questionForbidden(topic, error)
          return [...streams]
        }
        const delayMs = delayBeforeMs(attempt, Math.random())
        events.questionFailed(topic, error, attempt, delayMs)
        await pause(delayMs, closed.signal)
      }
    }
    return undefined
  }

  /** A refused record is not passed over before it is where people find it. */
  const deadLetter = async (records: readonly DecodedRecord[], refusal: Refusal): Promise<boolean> => {
    events.refused(shipped, topic, records.length, refusal)
    if (shipped.isSide) return true
    for (let attempt = 1; !closed.signal.aborted; attempt++) {
      try {
        await sink.sendToDeadLetters(of, records, refusal)
        events.deadLettersWritten()
        return true
      } catch (error) {
        events.deadLettersFailed(error)
        await pause(delayBeforeMs(attempt, Math.random()), closed.signal)
      }
    }
    return false
  }

  const pushing: Omit<Pushing, 'deadLetter'> = {
    push: pushOnce,
    missing,
    mayAsk: () => mayAsk,
    pause: (ms) => pause(ms, closed.signal),
    mayGoOn,
    now: Date.now,
    random: Math.random,
    onRetry: (outcome, attempt, delayMs) => events.pushRetried(outcome, topic, attempt, delayMs),
  }

  return {
    async deliver(batch, isUncertain) {
      const records = batch.records.length
      events.batchBegan(topic, records)
      const refused = new Map<string, number>()
      const recordOf = recordsByEntry(batch)
      const refuse = (entries: readonly Entry[], refusal: Refusal) => {
        const origins = entries.flatMap((entry) => recordOf().get(entry) ?? [])
        refused.set(refusal.reason, (refused.get(refusal.reason) ?? 0) + origins.length)
        return deadLetter(origins, refusal)
      }
      const all: Pushing = {
        ...pushing,
        deadLetter: (entries, { name, detail }) => refuse(entries, { reason: name, detail }),
      }
      const { fit, unfit } = fitted(batch.streams, sink.limits(), sink.truncate, Date.now())
      let isDelivered = true
      for (const { entries, refusal } of unfit) isDelivered &&= await refuse(entries, refusal)
      // Asked for as they would be sent: a line that was cut is in Loki as it was cut.
      const toSend = isUncertain ? await missing(fit) : fit
      isDelivered &&= toSend !== undefined
      for (const own of byTenant(toSend ?? []).values())
        for (const part of sink.isolation.parts(own, sink.limits()))
          isDelivered &&= await pushUntilAcknowledged(part, all)
      if (isDelivered)
        events.batchAcknowledged(shipped, topic, { records, unparsed: batch.unparsed, refused })
      else events.batchGivenBack(topic, records)
      return isDelivered
    },
    async bury(record, defect) {
      events.defect(topic, partition, record.offset, defect)
      events.batchBegan(topic, 1)
      const refusal = { reason: DEFECT, detail: reasonOf(defect) }
      const isBuried = await deadLetter([record], refusal)
      if (isBuried)
        events.batchAcknowledged(shipped, topic, { records: 1, unparsed: 0, refused: new Map([[DEFECT, 1]]) })
      else events.batchGivenBack(topic, 1)
      return isBuried
    },
  }
}

const asTenant = (loki: LokiSettings, tenant: string | undefined): LokiSettings =>
  tenant === undefined ? loki : { ...loki, LOKI_TENANT_ID: tenant }

/** A push, and a question, is one tenant's. */
function byTenant(streams: readonly Stream[]): ReadonlyMap<string | undefined, readonly Stream[]> {
  if (streams.every(({ tenant }) => tenant === undefined)) return new Map([[undefined, streams]])
  const tenants = new Map<string | undefined, Stream[]>()
  for (const stream of streams) {
    const own = tenants.get(stream.tenant)
    if (own === undefined) tenants.set(stream.tenant, [stream])
    else own.push(stream)
  }
  return tenants
}

const countOf = (streams: readonly Stream[]): number =>
  streams.reduce((sum, { entries }) => sum + entries.length, 0)

/** The records of a batch by their entries, made when they are first asked for. */
function recordsByEntry({ entries, records }: Batch): () => ReadonlyMap<Entry, DecodedRecord> {
  let byEntry: Map<Entry, DecodedRecord> | undefined
  return () => {
    byEntry ??= new Map(entries.map((entry, index) => [entry, records[index] as DecodedRecord]))
    return byEntry
  }
}

import { type DecodedRecord } from '../kafka/decoded-record.ts'
import { TOPIC } from '../log/names.ts'
import { type LokiSettings } from '../loki/config.ts'
import { type Entry, type Stream } from '../loki/encode.ts'
import { type LokiLimits } from '../loki/limits.ts'
import { missingFrom } from '../loki/missing.ts'
import { delayBeforeMs, OUTCOMES, type Outcome } from '../loki/outcome.ts'
import { encoded, push } from '../loki/push.ts'
import { reasonOf, type VigieError } from '../service/errors.ts'
import { type Logger } from '../service/log.ts'
import { pause } from '../service/shutdown.ts'
import { type Batch } from './batch.ts'
import { type Refusal } from './dead-letters.ts'
import { fitted } from './fit.ts'
import { type Isolation } from './isolate.ts'
import { type LaneWork } from './lane.ts'
import { type Place } from './lanes.ts'
import { type Lease } from './lease.ts'
import { type ShipperMetrics } from './metrics.ts'
import { settle, type World } from './settle.ts'
import { type ShippedTopic } from './side.ts'

/** How often a lane looks whether its member may go on. */
const LOOK_AGAIN_MS = 100

/** What all pushes share. */
export type Sink = {
  loki: LokiSettings
  pushTimeoutMs: number
  /** Lines that are too long are cut, with a mark, instead of set aside. */
  truncate: boolean
  limits: () => LokiLimits
  isolation: Isolation
  lease: Lease
  metrics: ShipperMetrics
  logger: Logger
  /** Told after each push, and each question, whether Loki answered as it should. */
  onAttempt: (problem: string | undefined) => void
  /** Writes refused records to the dead letters. Throws errors of kafkajs. */
  sendToDeadLetters: (place: Place, records: readonly DecodedRecord[], refusal: Refusal) => Promise<void>
}

/** One partition's side of the sink, during one generation. */
export type LaneSink = Pick<LaneWork, 'settle'>

/** Settles batches, as `LaneWork` says. `closed` fires when the lane closes. */
export function laneSink(
  sink: Sink,
  { job, isSide }: ShippedTopic,
  place: Place,
  closed: AbortSignal,
): LaneSink {
  const { topic } = place
  const { loki, metrics, logger, lease } = sink
  const mayGoOn = async (): Promise<boolean> => {
    while (!closed.aborted && !lease.isValid()) await pause(LOOK_AGAIN_MS, closed)
    return !closed.aborted
  }

  const pushed = async (streams: readonly Stream[]): Promise<Outcome> => {
    const { body, uncompressedBytes } = encoded(streams)
    const outcome = await push(asTenant(loki, streams[0]?.tenant), body, sink.pushTimeoutMs, lease.signal())
    const isStored = outcome.name === 'stored'
    sink.onAttempt(OUTCOMES[outcome.name].canRetry ? outcome.detail : undefined)
    if (isStored) {
      metrics.bytes.inc(uncompressedBytes)
      metrics.batches.inc()
      metrics.succeeded()
    } else metrics.errors.inc({ reason: outcome.name })
    return outcome
  }

  const missing = async (streams: readonly Stream[]): Promise<Stream[] | undefined> => {
    for (let attempt = 1; await mayGoOn(); attempt++) {
      try {
        const left: Stream[] = []
        for (const [tenant, own] of byTenant(streams))
          left.push(...(await missingFrom(asTenant(loki, tenant), job, own)))
        metrics.questions.inc({ outcome: 'answered' })
        metrics.found.inc({ topic }, countOf(streams) - countOf(left))
        return left
      } catch (error) {
        metrics.questions.inc({ outcome: 'failed' })
        const details = { topic, error: reasonOf(error) }
        if ((error as VigieError).code === 'LOKI_AUTHENTICATION') {
          logger.error('Loki may not be asked what it has: lines may be stored twice', details)
          return [...streams]
        }
        sink.onAttempt(reasonOf(error))
        const delayMs = delayBeforeMs(attempt, Math.random())
        logger.warn('Loki did not say what it has; it is asked again', { ...details, attempt, delayMs })
        await pause(delayMs, closed)
      }
    }
    return undefined
  }

  /** Keeps refused records where people find them: a record is not passed over before it is there. */
  const setAside = async (records: readonly DecodedRecord[], refusal: Refusal): Promise<boolean> => {
    const details = { topic, records: records.length, ...refusal }
    if (isSide) {
      logger.error('Loki refuses lines of a side topic; they stay in Kafka only', details)
      return true
    }
    logger.error(`Loki refuses lines; they are on the topic ${TOPIC.deadLetters}`, details)
    for (let attempt = 1; !closed.aborted; attempt++) {
      try {
        await sink.sendToDeadLetters(place, records, refusal)
        return true
      } catch (error) {
        logger.error('the dead letters could not be written; it is tried again', { error: reasonOf(error) })
        await pause(delayBeforeMs(attempt, Math.random()), closed)
      }
    }
    return false
  }

  const world: Omit<World, 'setAside'> = {
    push: pushed,
    missing,
    pause: (ms) => pause(ms, closed),
    mayGoOn,
    now: Date.now,
    random: Math.random,
    onRetry: ({ name, detail }, attempt, delayMs) => {
      metrics.retries.inc()
      logger.warn('Loki did not take a push; what it does not have is sent again', {
        ...{ reason: name, detail, attempt, delayMs, topic },
      })
    },
  }

  return {
    async settle(batch, isUncertain) {
      const records = batch.records.length
      metrics.consumed.inc({ topic }, records)
      metrics.inFlight.inc({ topic }, records)
      const refused = new Map<string, number>()
      const recordOf = recordsByEntry(batch)
      const setEntriesAside = (entries: readonly Entry[], refusal: Refusal) => {
        const origins = entries.flatMap((entry) => recordOf().get(entry) ?? [])
        refused.set(refusal.reason, (refused.get(refusal.reason) ?? 0) + origins.length)
        return setAside(origins, refusal)
      }
      const { fit, unfit } = fitted(batch.streams, sink.limits(), sink.truncate, Date.now())
      let isSettled = true
      for (const { entries, refusal } of unfit) isSettled &&= await setEntriesAside(entries, refusal)
      const setRefusedAside: World['setAside'] = (entries, { name, detail }) =>
        setEntriesAside(entries, { reason: name, detail })
      // Asked for as they would be sent: a line that was cut is in Loki as it was cut.
      const toSend = isUncertain ? await missing(fit) : fit
      isSettled &&= toSend !== undefined
      for (const own of byTenant(toSend ?? []).values())
        for (const part of sink.isolation.parts(own, sink.limits()))
          isSettled &&= await settle(part, { ...world, setAside: setRefusedAside })
      // All at once, so that whoever reads the numbers finds each record counted once.
      metrics.inFlight.dec({ topic }, records)
      if (!isSettled) {
        metrics.givenBack.inc({ topic }, records)
        return false
      }
      let left = records
      for (const [reason, count] of refused) {
        left -= count
        const counter = isSide ? metrics.sideRefused : metrics.deadLetters
        counter.inc({ topic, reason }, count)
      }
      metrics.records.inc({ topic }, left)
      metrics.unparsed.inc(batch.unparsed)
      return true
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

import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { measuredGauge } from '../service/gauge.ts'
import { ageSeconds, lagGauges } from '../service/lag.ts'
import { type LaneStatus } from './lane/state.ts'

/**
 * The shipper's numbers, and the registry that serves them. For each topic it is always true that
 * consumed = records (stored) + dead letters + refused side lines + in flight + given back.
 */
export function shipperMetrics(statuses: () => readonly LaneStatus[], now: () => number = Date.now) {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `vigie_shipper_${name}`, help, labelNames, registers: [registry] })
  const gauge = (name: string, help: string, measure: () => number) =>
    measuredGauge(registry, `vigie_shipper_${name}`, help, measure)

  const state = { lastSuccessMs: now() }
  gauge('seconds_since_last_success', 'Seconds since Loki last acknowledged a push', () =>
    Math.max(0, (now() - state.lastSuccessMs) / 1000),
  )
  lagGauges(
    registry,
    'vigie_shipper',
    () => statuses().map(({ lag, oldestWaitingMs }) => ({ messages: lag, oldestWaitingMs })),
    now,
  )
  gauge(
    'oldest_uncommitted_seconds',
    'Age of the oldest record whose offset is not committed yet, in seconds; 0 when there is none',
    () =>
      ageSeconds(
        statuses().map(({ oldestUncommittedMs }) => oldestUncommittedMs),
        now(),
      ),
  )

  return {
    registry,
    consumed: counter('consumed_records_total', 'Records that were taken from Kafka into a push', ['topic']),
    records: counter('records_total', 'Records that are stored in Loki', ['topic']),
    inFlight: new Gauge({
      name: 'vigie_shipper_in_flight_records',
      help: 'Records in a push that are neither stored nor dead letters yet',
      labelNames: ['topic'],
      registers: [registry],
    }),
    stuck: new Gauge({
      name: 'vigie_shipper_stuck_partitions',
      help: 'Partitions of which nothing was acknowledged for a minute although records wait',
      registers: [registry],
    }),
    givenBack: counter(
      'given_back_records_total',
      'Records of a push that was given up, since the partition went to another shipper or this one ended',
      ['topic'],
    ),
    found: counter('found_records_total', 'Stored records that Loki had already when it was asked', [
      'topic',
    ]),
    bytes: counter('bytes_total', 'Bytes of pushes that Loki acknowledged, before compression'),
    batches: counter('batches_total', 'Pushes that Loki acknowledged'),
    unparsed: counter('unparsed_records_total', 'Records that are not JSON, shipped with parse="failed"'),
    tombstones: counter('tombstones_total', 'Kafka records without a value: there is no line to ship'),
    lost: counter(
      'lost_records_total',
      'Offsets that Kafka deleted before they were read, or whose records cannot be read',
      ['topic', 'cause'],
    ),
    deadLetters: counter('dead_letters_total', 'Records written to the dead-letter topic', [
      'topic',
      'reason',
    ]),
    sideRefused: counter('side_lines_refused_total', 'Lines of side topics that Loki refused: only logged', [
      'topic',
      'reason',
    ]),
    demoted: counter(
      'demoted_label_values_total',
      'Values that became structured metadata, since their label has too many already',
      ['label'],
    ),
    errors: counter('errors_total', 'Failed pushes', ['reason']),
    retries: counter('retries_total', 'Pushes that were tried again'),
    questions: counter('questions_total', 'Questions to Loki about what it has already', ['outcome']),
    succeeded: () => {
      state.lastSuccessMs = now()
    },
  }
}
export type ShipperMetrics = ReturnType<typeof shipperMetrics>

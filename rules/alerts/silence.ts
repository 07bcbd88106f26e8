import { ALERT } from '../../log/names.ts'
import { duration, quoted } from '../../loki/logql.ts'
import { type Alert } from '../alert.ts'
import { type Patience } from '../cadence.ts'
import { BY_SOURCE, runs, type Scope } from '../expressions.ts'
import { named, type Share } from '../sources.ts'
import { LIMITS, type Threshold } from '../thresholds.ts'

/** The runs that keep their source from being silent. */
function recentRuns(patience: readonly Patience[], matchers: readonly string[]): string {
  const terms = patience.map(({ windowMs, days, timezone }) => {
    const window = duration(windowMs)
    if (days === undefined) return runs({ window, matchers }, [BY_SOURCE])
    // Go's text templates reach a time zone only through a time that lies in it.
    const inZone = `((__timestamp__).In (toDateInZone "2006" ${quoted(timezone)} "2024").Location)`
    const stages = ` | label_format day=\`{{ ${inZone}.Weekday }}\` | day=~${quoted(days.join('|'))} `
    return runs({ window, matchers, stages }, [BY_SOURCE])
  })
  return terms.length === 1 ? (terms[0] ?? '') : `(${terms.join(' or ')})`
}

/** The longest that any run keeps its source from being silent, in ms. */
export const longest = (patience: readonly Patience[]): number =>
  Math.max(...patience.map(({ windowMs }) => windowMs))

const shortest = (patience: readonly Patience[]): number =>
  Math.min(...patience.map(({ windowMs }) => windowMs))

const DAY_MS = 86_400_000
/**
 * A source that nobody has heard of for a week, or for three of its own turns, is gone, not silent. After a
 * year at most: Loki's configuration lets no query look back further.
 */
export const knownMs = (patience: readonly Patience[]): number =>
  Math.max(7 * DAY_MS, Math.min(3 * longest(patience), 365 * DAY_MS))

/** `75 minutes`, `2 hours 15 minutes`, `2 days 2 hours`. */
function inWords(ms: number): string {
  const minutes = Math.ceil(ms / 60_000)
  const parts =
    minutes < 120
      ? ([[minutes, 'minute']] as const)
      : ([
          [Math.floor(minutes / 1_440), 'day'],
          [Math.floor((minutes % 1_440) / 60), 'hour'],
          [minutes % 60, 'minute'],
        ] as const)
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`)
    .join(' ')
}

/** How long such a source has not run, when it counts as silent. */
function waited(patience: readonly Patience[]): string {
  const [least, most] = [shortest(patience), longest(patience)]
  if (least === most) return inWords(most)
  return `longer than it may (${inWords(least)} to ${inWords(most)}, depending on the day of its last run)`
}

const SILENT: Threshold = { value: 0, origin: LIMITS.silenceMinutes.origin }

export const silentSource = (share: Share<readonly Patience[]>): Alert => {
  const { value: patience, matchers } = share
  const known: Scope = { window: duration(knownMs(patience)), matchers }
  return {
    id: ALERT.sourceSilent,
    file: '3-source-muette',
    ...named(share),
    title: 'A source is silent',
    severity: 'critical',
    query: `${runs(known, [BY_SOURCE])} unless on (${BY_SOURCE}) ${recentRuns(patience, matchers)}`,
    condition: { is: 'above', threshold: SILENT },
    unit: 'runs',
    for: '0s',
    pace: 'slow',
    whenEmpty: 'every known source has run in time',
    onError: 'error',
    summary: '{source} is silent',
    description: `{source} has not run for ${waited(patience)}, although it ran {value} times in the ${inWords(knownMs(patience))} before.`,
    action:
      'See whether its scheduler started it, and whether its logs reach Kafka. Declare its cadence in vigie.yaml if it runs more rarely.',
    dashboard: '2-errors-slas',
    panel: 'lastRunBySource',
  }
}

/**
 * Nobody at all has run for as long as some known source may be silent: one alert instead of one for
 * each source. A daily job that ran this morning does not hide that the hourly ones have stopped.
 */
export const totalSilence = (all: readonly Share<readonly Patience[]>[]): Alert => {
  const terms = all.map(({ value, matchers }) => {
    const known = runs({ window: duration(knownMs(value)), matchers })
    return `(${known} unless ${runs({ window: duration(longest(value)) })})`
  })
  return {
    id: ALERT.allSilent,
    file: '3-source-muette',
    title: 'All sources are silent',
    severity: 'critical',
    query: terms.join(' or '),
    condition: { is: 'above', threshold: SILENT },
    unit: 'runs',
    for: '0s',
    pace: 'slow',
    whenEmpty: 'there were runs in time, or there have never been any: nothing is installed yet',
    onError: 'error',
    summary: 'No source has run',
    description:
      'No source at all has run for as long as some may be silent, although {value} runs ended before.',
    action:
      'Something that all share has stopped: the scheduler, the network to Kafka, Kafka itself, or the shipper (see `vigie status`).',
    dashboard: '2-errors-slas',
    panel: 'lastRunBySource',
  }
}

import { type Alert } from '../alert.ts'
import { BY_SOURCE, measured, type Scope } from '../expressions.ts'
import { named, type Share } from '../sources.ts'
import { type Threshold } from '../thresholds.ts'

export const slow = (share: Share<Threshold>): Alert => {
  const scope: Scope = { window: '15m', matchers: share.matchers }
  const isOwn = share.name !== ''
  return {
    id: '4-latence-degradee',
    file: '4-latence-degradee',
    ...named(share),
    title: 'Runs are slow',
    severity: 'warning',
    query: measured(0.95, 'duree', scope, isOwn ? BY_SOURCE : 'job'),
    condition: { is: 'above', threshold: share.value },
    unit: 'seconds',
    for: '5m',
    pace: 'normal',
    whenEmpty: 'no runs in 15 minutes: nothing is slow',
    onError: 'error',
    summary: isOwn ? '{source} is slow: p95 {value}' : 'Runs are slow: p95 {value}',
    description: `95 of 100 runs of the last 15 minutes took up to {value}; ${share.value.value} s are tolerated.`,
    action:
      'See by source who became slower, and whether its CPU time grew with it: if not, it waits for something else.',
    dashboard: '3-performance-resource',
    panel: 'p95DurationSeconds',
  }
}

export const hungry = (id: string, field: 'memoire' | 'cpu', share: Share<Threshold>): Alert => {
  const what = field === 'cpu' ? 'CPU time' : 'memory'
  const unit = field === 'cpu' ? 's' : 'MB'
  return {
    id,
    file: '5-surconsommation-ressources',
    ...named(share),
    title: `A run used too much ${what}`,
    severity: 'warning',
    query: measured('max', field, { window: '15m', matchers: share.matchers }, BY_SOURCE),
    condition: { is: 'above', threshold: share.value },
    unit: field === 'cpu' ? 'seconds' : 'megabytes',
    for: '0s',
    pace: 'normal',
    whenEmpty: 'no runs in 15 minutes, or they do not say what they used',
    onError: 'error',
    summary: `{source} used {value} of ${what}`,
    description: `A run of {source} in the last 15 minutes used {value} of ${what}; ${share.value.value} ${unit} are tolerated.`,
    action:
      'See in the logs which run it was and how many rows it read. If that is its new normal, raise its limit in vigie.yaml.',
    dashboard: '3-performance-resource',
    panel: field === 'cpu' ? 'maxCpuSeconds' : 'maxMemoryMb',
  }
}

import { JOB } from '../log/names.ts'
import { type Alert } from './alert.ts'
import { burning, failed, highFailureRate, lastingIncident } from './alerts/failures.ts'
import { inTrouble, setAsideAlert, volume, watchdog } from './alerts/pipeline.ts'
import { hungry, slow } from './alerts/resources.ts'
import { silentSource, totalSilence } from './alerts/silence.ts'
import { DEFAULT_PATIENCE, patienceOf } from './cadence.ts'
import { type Declaration, shares } from './sources.ts'
import { DEFAULT_SLO, LIMITS, type Threshold } from './thresholds.ts'

/** A limit that a source declared for itself. */
const declared = (value: number | undefined): Threshold | undefined =>
  value === undefined ? undefined : { value, origin: 'declared in vigie.yaml' }

/** Every alert, for sources that declared these things. The order is that of their files. */
export function alerts(declarations: readonly Declaration[] = []): Alert[] {
  const patience = shares(declarations, patienceOf, DEFAULT_PATIENCE)
  const limits = (field: 'duration_s' | 'memory_mb' | 'cpu_s', otherwise: Threshold) =>
    shares(declarations, ({ limits: own }) => declared(own?.[field]), otherwise)
  const objectives = shares(declarations, ({ slo }) => slo, DEFAULT_SLO)
  return [
    failed,
    highFailureRate,
    // Before the alerts that it silences.
    totalSilence(patience),
    ...patience.map(silentSource),
    ...limits('duration_s', LIMITS.durationSeconds).map(slow),
    ...limits('memory_mb', LIMITS.memoryMb).map((share) =>
      hungry('5-surconsommation-memoire', 'memoire', share),
    ),
    ...limits('cpu_s', LIMITS.cpuSeconds).map((share) => hungry('5-surconsommation-cpu', 'cpu', share)),
    ...objectives.map((share) => burning('6-budget-erreurs-rapide', 'fast', share)),
    ...objectives.map((share) => burning('6-budget-erreurs-lent', 'slow', share)),
    volume('below'),
    volume('above'),
    lastingIncident,
    setAsideAlert('9-enregistrements-rejetes', JOB.rejected, 'warning', true),
    setAsideAlert('9-lettres-mortes', JOB.deadLetters, 'critical', false),
    watchdog,
    inTrouble,
  ]
}

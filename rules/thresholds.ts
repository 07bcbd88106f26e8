/** A number that something is compared with, and where it comes from. */
export type Threshold = { value: number; origin: string }

const SEED = 'the alert rules that Vigie replaces'
const SRE_WORKBOOK = 'Google, The Site Reliability Workbook, chapter 5, multiwindow, multi-burn-rate alerts'

/** The limits of a source that declares none of its own. */
export const LIMITS = {
  failureRate: { value: 0.02, origin: SEED },
  durationSeconds: { value: 10, origin: SEED },
  memoryMb: { value: 150, origin: SEED },
  cpuSeconds: { value: 60, origin: SEED },
  silenceMinutes: { value: 75, origin: SEED },
} as const satisfies Record<string, Threshold>

/** The share of runs that has to succeed: what the failure rate's limit leaves. */
export const DEFAULT_SLO = 1 - LIMITS.failureRate.value

/**
 * How fast an error budget may burn, as multiples of the rate that uses it up exactly in a 30-day
 * month: 14.4 uses 2 % of it in an hour, 6 uses 5 % in six hours.
 */
export const BURN = {
  fast: { value: 14.4, long: '1h', short: '5m', origin: SRE_WORKBOOK },
  slow: { value: 6, long: '6h', short: '30m', origin: SRE_WORKBOOK },
} as const

/** Failures in the long window below which a budget does not page: one failure of a rare job is all of its runs. */
export const LEAST_FAILURES: Threshold = {
  value: 3,
  origin: 'a choice: two failures in a row are often one cause and its retry',
}

/** How the runs of an hour compare with the mean of the same hour in the seven days before. */
export const VOLUME = {
  least: { value: 0.5, origin: 'a choice: half the runs of a usual hour are missing' },
  most: { value: 3, origin: 'a choice: retries rarely more than double the runs of an hour' },
  expected: {
    value: 20,
    origin: 'a choice: below 20 runs an hour, halves and doubles are chance (√20 ≈ 4.5)',
  },
  days: 7,
} as const

export const INCIDENT_OPEN_MINUTES: Threshold = {
  value: 60,
  origin: 'DORA, Accelerate State of DevOps: the best teams restore a service in less than an hour',
}
export const MTTR_SECONDS: { warning: Threshold; critical: Threshold } = {
  warning: {
    value: 3_600,
    origin: 'DORA, Accelerate State of DevOps: the best teams need less than an hour',
  },
  critical: { value: 86_400, origin: 'DORA, Accelerate State of DevOps: good teams need less than a day' },
}
export const FAILURE_RATE_CRITICAL: Threshold = {
  value: 0.1,
  origin: 'a choice: five times the limit, one run in ten',
}

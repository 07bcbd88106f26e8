import { type DashboardSource } from '../dashboard.ts'
import { chartPanel } from '../panels.ts'
import { overTime } from '../query.ts'

/** Runs are minutes apart: shorter steps would be empty, or hold one run, whose percentiles say nothing. */
const LEAST_STEP = '5m'
/** 30 days of 5 minutes: up to then each point is really 5 minutes. Loki answers 11,000 points at most. */
const MONTH_OF_STEPS = 8_640

/** Did runs become slower, rarer or hungrier, and which? */
export const performanceAndResources = (): DashboardSource => ({
  uid: '3-performance-resource',
  title: '3 · Performance and resources',
  description: 'Did runs become slower, rarer or hungrier, and which?',
  refresh: '5m',
  panels: [
    chartPanel(['p95DurationSeconds', 'p50DurationSeconds', 'p99DurationSeconds'], {
      id: 1,
      at: [0, 0, 14, 9],
      title: 'Duration: p50, p95, p99',
      queries: [
        overTime('p50DurationSeconds', { legend: 'p50' }),
        overTime('p95DurationSeconds', { legend: 'p95' }),
        overTime('p99DurationSeconds', { legend: 'p99' }),
      ],
      chart: { style: 'line', interval: LEAST_STEP },
    }),
    chartPanel(['p95DurationBySource'], {
      id: 2,
      at: [14, 0, 10, 9],
      chart: { style: 'line', interval: LEAST_STEP },
    }),
    chartPanel(['runsBySource'], {
      id: 3,
      at: [0, 9, 24, 9],
      title: 'Runs per 5 minutes by source',
      queries: [overTime('runsBySource', { window: '5m' })],
      chart: { style: 'bars', stacked: true, interval: '5m', maxDataPoints: MONTH_OF_STEPS },
    }),
    chartPanel(['maxCpuSeconds', 'p95CpuSeconds'], {
      id: 4,
      at: [0, 18, 12, 9],
      title: 'CPU time of a run: max, p95',
      chart: { style: 'line', interval: LEAST_STEP },
    }),
    chartPanel(['maxMemoryMb', 'p95MemoryMb'], {
      id: 5,
      at: [12, 18, 12, 9],
      title: 'Peak memory of a run: max, p95',
      chart: { style: 'line', interval: LEAST_STEP },
    }),
  ],
})

import { Gauge, type Registry } from 'prom-client'

/** Registers a gauge whose value is measured at each scrape. */
export function measuredGauge(registry: Registry, name: string, help: string, measure: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(measure())
    },
  })
}

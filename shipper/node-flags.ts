import { setFlagsFromString } from 'node:v8'

/**
 * Flags that V8 looks at whenever it needs them. The space for old objects grows by 90 % before it is looked
 * through, since it holds fetches. And code is compiled for speed when it has run three times as often as Node
 * would have it: much runs at the start alone.
 */
const LATE_FLAGS = ['--heap-growing-percent=90', '--interrupt-budget=400000'] as const

/**
 * How Node runs a shipper that Vigie starts; what each flag brings is in docs/performance.md. The space for new
 * objects has its full size, 16 MB, from the beginning: fetched records live until they are pushed, and are
 * moved on before in less. And collecting garbage side by side costs more than it saves where Loki and Kafka
 * use the other cores.
 */
export const NODE_FLAGS = ['--min-semi-space-size=16', '--single-threaded-gc', ...LATE_FLAGS] as const

/** Sets what can be set after the start, for a shipper that somebody starts without NODE_FLAGS. */
export function setLateFlags(): void {
  for (const flag of LATE_FLAGS) setFlagsFromString(flag)
}

/** What each status of Stryker's counts as; the others, such as a mutant that cannot run at all, count for nothing. */
export const SCORED: ReadonlyMap<string, 'killed' | 'survived'> = new Map([
  ['Killed', 'killed'],
  ['Timeout', 'killed'],
  ['Survived', 'survived'],
  ['NoCoverage', 'survived'],
])

/** The share of mutants that the tests notice, in a sentence; `counts` has their number by status. Pure. */
export function scoreOf(counts: ReadonlyMap<string, number>): string {
  const total = { killed: 0, survived: 0 }
  for (const [status, count] of counts) {
    const as = SCORED.get(status)
    if (as !== undefined) total[as] += count
  }
  const all = total.killed + total.survived
  if (all === 0) return 'No mutant was tested.'
  return `${((100 * total.killed) / all).toFixed(1)} % of ${all} mutants are noticed; ${total.survived} survive.`
}

/** How many there are of each status. Pure. */
export function sumOf(statuses: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1)
  return counts
}

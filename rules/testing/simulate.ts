/** The labels of one series, and the instants (ms) at which a rule's expression answered with it. */
export type Activity = { labels: Record<string, string>; atMs: ReadonlySet<number> }

export type AlertState = { labels: Record<string, string>; state: 'pending' | 'firing' }

/** When a rule is evaluated: from `fromMs`, every `everyMs`. */
export type Clock = { fromMs: number; everyMs: number }

/**
 * The states of a rule's alerts at an instant, as the ruler would have them: an alert is pending from
 * the evaluation that first finds its series, fires once it has been found at every evaluation for
 * `forMs`, and is gone at the first that does not find it. Pure.
 */
export function statesAt(
  activities: readonly Activity[],
  forMs: number,
  { fromMs, everyMs }: Clock,
  instantMs: number,
): AlertState[] {
  const lastMs = fromMs + Math.floor((instantMs - fromMs) / everyMs) * everyMs
  return activities.flatMap(({ labels, atMs }): AlertState[] => {
    if (lastMs < fromMs || !atMs.has(lastMs)) return []
    let sinceMs = lastMs
    while (sinceMs - everyMs >= fromMs && atMs.has(sinceMs - everyMs)) sinceMs -= everyMs
    return [{ labels, state: lastMs - sinceMs >= forMs ? 'firing' : 'pending' }]
  })
}

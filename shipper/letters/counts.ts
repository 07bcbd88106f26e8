/** How many there are by name, in the order of their first. A Map: the names come from records. */
export type Counts = Map<string, number>

export const count = (counts: Counts, name: string): Counts => counts.set(name, (counts.get(name) ?? 0) + 1)

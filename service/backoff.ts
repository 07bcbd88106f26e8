/** The first pause between attempts, doubled with each that follows, up to the longest. */
export type Backoff = { first: number; longest: number }

/** The pause after so many attempts that failed, the first counted as 1; in the unit of the backoff. Pure. */
export const pauseAfter = ({ first, longest }: Backoff, attempts: number): number =>
  Math.min(first * 2 ** (attempts - 1), longest)

import { parseGoDuration } from '../durations.ts'
import { fail } from './function.ts'

/** A duration such as `1h15m30.918s` in ns. Throws LogqlError (`execution`) in the words of Go's `time.ParseDuration`. */
export function parseDuration(text: string): bigint {
  const parsed = parseGoDuration(text)
  return 'ns' in parsed ? parsed.ns : fail(parsed.problem)
}

const SECOND = 1_000_000_000n

/** Seconds as a float, computed as Go's `Duration.Seconds` does it: whole ones first. Pure. */
export const inSeconds = (ns: bigint): number => Number(ns / SECOND) + Number(ns % SECOND) / 1e9

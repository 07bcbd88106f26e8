import { type Labels } from '../source.ts'

/** One series of the answer to a query: a metric's labels and its value. */
export type Sample = { labels: Labels; value: number }

/** What a template of an alert reads. */
export type AlertContext = {
  labels: Labels
  value: number
  externalLabels: Labels
  /** Where users reach the service that evaluates the rules. */
  externalUrl: string
  /** Answers a query at the time of the evaluation. Throws LogqlError. */
  query: (text: string) => readonly Sample[]
  /** The time of the evaluation, s since 1970. */
  timeSeconds: number
}

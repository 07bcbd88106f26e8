import { type Labels } from '../source.ts'

/** What a template of a line reads, when it is executed for one line. */
export type LineContext = {
  /** Undefined for a label that the line does not have. */
  label: (name: string) => string | undefined
  /** All labels, for `{{ . }}` and `{{ range $name, $value := . }}`. */
  labels: () => Labels
  line: () => string
  timeNs: () => bigint
}

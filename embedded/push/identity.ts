import { type Labels } from '../../logql/source.ts'
import { type Limits } from '../config.ts'
import { labelsText, parseLabels } from './labels.ts'
import { type RefusalReason } from './report.ts'

/** A stream by its labels, and what is wrong with those, if anything. `key` is how Loki writes them. */
export type Identity = {
  key: string
  labels: Labels
  problem: { reason: RefusalReason; message: string } | undefined
}

/** Gives a stream's identity from the text that a client wrote. Throws Refusal (400) for what is none. */
export type Identities = (text: string) => Identity

/** Clients name the same few streams again and again; beyond so many, all are forgotten. */
const MAX_KNOWN = 20_000

export function createIdentities(limits: Limits): Identities {
  const known = new Map<string, Identity>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const labels = parseLabels(text)
    const key = labelsText(labels)
    const identity = { key, labels, problem: problemOf(key, labels, limits) }
    if (known.size >= MAX_KNOWN) known.clear()
    known.set(text, identity)
    return identity
  }
}

function problemOf(key: string, labels: Labels, limits: Limits): Identity['problem'] {
  const { max_label_names_per_series, max_label_name_length, max_label_value_length } = limits
  if (labels.size === 0)
    return { reason: 'missing_labels', message: 'error at least one label pair is required per stream' }
  if (isOver(labels.size, max_label_names_per_series)) {
    const message = `entry for stream '${key}' has ${labels.size} label names; limit ${max_label_names_per_series}`
    return { reason: 'max_label_names_per_series', message }
  }
  for (const [name, value] of labels) {
    if (isOver(name.length, max_label_name_length))
      return {
        reason: 'label_name_too_long',
        message: `stream '${key}' has label name too long: '${name}'`,
      }
    if (isOver(Buffer.byteLength(value), max_label_value_length))
      return {
        reason: 'label_value_too_long',
        message: `stream '${key}' has label value too long: '${value}'`,
      }
  }
  return undefined
}

/** Whether something is over its limit; a limit of 0 is none. Pure. */
export const isOver = (value: number, limit: number): boolean => limit > 0 && value > limit

import { type Metadata } from '../../loki/encode.ts'
import { readable, selector } from '../../loki/logql.ts'

/** Where a record's line goes: its stream's labels, whose it is, and what stands beside it. */
export type Destination = {
  labels: string
  tenant?: string | undefined
  /** Fields that would be labels if they did not have too many values. */
  metadata?: Metadata | undefined
}

/** How streams are made. */
export type StreamOptions = {
  /** The field that names the tenant; that of the settings for a record without it. */
  tenantField?: string | undefined
  /** How many values a label may have before further ones become structured metadata. */
  maxLabelValues?: number | undefined
  /** Told of each value that does, and whether it is the label's first. */
  onDemoted?: (label: string, isFirst: boolean) => void
}

/** Label sets that are remembered: ten times the streams that Loki allows by default. */
const MAX_KNOWN = 50_000

/** Returns the function that says where a record goes; a field without a usable value is no label. */
export function destinations(
  job: string,
  fields: readonly string[],
  { tenantField, maxLabelValues = Number.POSITIVE_INFINITY, onDemoted }: StreamOptions = {},
): (record: Readonly<Record<string, unknown>>) => Destination {
  const known = new Map<string, Destination>()
  const values = fields.map(() => new Set<string>())
  const demoted = new Set<number>()
  const isLabel = (field: number, value: string): boolean => {
    const seen = values[field] as Set<string>
    if (seen.has(value)) return true
    if (seen.size < maxLabelValues) return seen.add(value).has(value)
    onDemoted?.(fields[field] as string, !demoted.has(field))
    demoted.add(field)
    return false
  }
  return (record) => {
    const texts = fields.map((field) => labelValue(record[field]))
    const tenant = tenantField === undefined ? undefined : labelValue(record[tenantField])
    const key = [...texts, tenant].map((text) => `${text?.length}:${text}`).join()
    const before = known.get(key)
    if (before !== undefined) return before
    const labels: Record<string, string> = { job }
    const metadata: [string, string][] = []
    texts.forEach((text, field) => {
      if (text === undefined) return
      const name = fields[field] as string
      if (isLabel(field, text)) labels[name] = text
      else metadata.push([name, text])
    })
    const destination: Destination = {
      labels: selector(labels),
      ...(tenant === undefined ? {} : { tenant }),
      ...(metadata.length === 0 ? {} : { metadata }),
    }
    if (known.size >= MAX_KNOWN) known.clear()
    known.set(key, destination)
    return destination
  }
}

function labelValue(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? readable(value) : undefined
}

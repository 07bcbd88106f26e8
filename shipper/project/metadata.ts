import { type DecodedRecord } from '../../kafka/decoded-record.ts'
import { type Metadata } from '../../loki/encode.ts'
import { readable } from '../../loki/logql.ts'
import { type Projector } from './project.ts'

/** What of a Kafka record may stand beside its line, as structured metadata. */
export const METADATA_PARTS = ['key', 'headers', 'partition', 'offset'] as const
export type MetadataPart = (typeof METADATA_PARTS)[number]

/** A projector that also keeps those parts of the record: `kafka_key`, `kafka_partition`, `kafka_header_…`. */
export const withMetadata =
  (project: Projector, parts: readonly MetadataPart[]): Projector =>
  (record, partition) => {
    const projected = project(record, partition)
    const { entry } = projected
    const added = parts.flatMap((part) => partOf(record, partition, part))
    return added.length === 0
      ? projected
      : { ...projected, entry: { ...entry, metadata: [...(entry.metadata ?? []), ...added] } }
  }

function partOf({ key, headers, offset }: DecodedRecord, partition: number, part: MetadataPart): Metadata {
  if (part === 'partition') return [['kafka_partition', String(partition)]]
  if (part === 'offset') return [['kafka_offset', offset]]
  if (part === 'key') return key === null ? [] : [['kafka_key', readable(key.toString('utf8'))]]
  return Object.entries(headers).flatMap(([name, value]) =>
    [value]
      .flat()
      .flatMap((each) =>
        each === undefined || each === null ? [] : [[nameOf(name), readable(String(each))] as const],
      ),
  )
}

/** Loki takes letters, digits and `_` in a name. */
const nameOf = (header: string): string => `kafka_header_${header.replace(/[^a-zA-Z0-9_]/g, '_')}`

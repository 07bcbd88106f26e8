/**
 * Every name that more than one part of Vigie, or somebody outside it, relies on.
 * Renaming one of these breaks dashboards, offsets or saved queries of users.
 */

/** Kafka topics. */
export const TOPIC = {
  logs: 'ingestion-logs',
  rejected: 'ingestion-logs-rejected',
  deadLetters: 'ingestion-logs-dead-letters',
  incidents: 'ingestion-incidents',
  incidentsState: 'ingestion-incidents-state',
} as const

/** The shipper's consumer group: promtail's, so that the offsets of someone who migrates carry on. */
export const SHIPPER_GROUP = 'promtail-consumer'

/** Values of Loki's `job` label. */
export const JOB = {
  logs: 'kafka-logs',
  incidents: 'ingestion-incidents',
  rejected: 'ingestion-rejected',
  deadLetters: 'ingestion-dead-letters',
  vigie: 'vigie',
} as const

/** Fields of an incident's event that become Loki labels, in the order in which a stream is written. */
export const INCIDENT_LABEL_FIELDS = ['event', 'source', 'entreprise', 'zone'] as const

/** The label of the streams of rejected records and dead letters: why they were rejected or refused. */
export const REASON_LABEL = 'reason'

/** Labels of the streams of Vigie's own logs: which part of it says so, and how severe it is. */
export const OWN_LOG_LABEL = { service: 'service', level: 'level' } as const

/** The consumer group of the tracker of incidents. */
export const TRACKER_GROUP = 'vigie-incidents'

/** Fields of a log line that become Loki labels, in the order in which a stream is written. */
export const LABEL_FIELDS = ['etat', 'source', 'entreprise', 'zone'] as const

/** The label that marks a line which could not be read as JSON, and its only value. */
export const PARSE_LABEL = { name: 'parse', failed: 'failed' } as const

/** Headers of records on the rejected and dead-letter topics. */
export const HEADER = {
  reason: 'vigie-reason',
  detail: 'vigie-detail',
  uri: 'vigie-uri',
  record: 'vigie-record',
  truncated: 'vigie-truncated-from-bytes',
  cut: 'vigie-cut-from-bytes',
  topic: 'vigie-topic',
  partition: 'vigie-partition',
  offset: 'vigie-offset',
} as const

/**
 * The header of a record without a value among the dead letters: the ids of letters that were sent again or
 * purged, 8 bytes each. It is no fact of a letter, so it is not in HEADER.
 */
export const SETTLED_HEADER = 'vigie-settled'

/** The transactional id of who settles dead letters; the groups that read them begin with it, too. */
export const DEAD_LETTERS_ID = 'vigie-dead-letters'

/** Where the logs are when nobody says otherwise: the user's own bucket and key. */
export const DEFAULT_LOGS_URI = 's3://my12data/logs.json'

/** What the embedded store calls itself among its services; a Loki has none of that name. */
export const EMBEDDED_SERVICE = 'vigie-store'

/** Alerts that more than the catalogue knows by name. */
export const ALERT = {
  failed: '1-echec-detecte',
  sourceSilent: '3-source-muette',
  allSilent: '3-silence-totale',
} as const

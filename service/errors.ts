/**
 * Every error that a user can meet: its sentence (what, where, what to do), its exit code, and
 * whether the same call may succeed later without anybody changing anything. docs/errors.md is
 * tested against this table.
 *
 * Exit codes: 1 it failed · 2 wrong usage, configuration or missing tool.
 */
export const ERRORS = {
  USAGE: { exit: 2, canRetry: false, says: '{problem}' },
  CONFIG_INVALID: { exit: 2, canRetry: false, says: 'The configuration is wrong:\n{problems}' },
  CONFIG_FILE_UNREADABLE: { exit: 2, canRetry: false, says: '{file} cannot be read: {problem}' },
  TOOL_MISSING: { exit: 2, canRetry: false, says: 'Something that Vigie needs is missing:\n{tools}' },

  INPUT_NOT_FOUND: { exit: 1, canRetry: false, says: '{uri} does not exist. Check the path.' },
  INPUT_UNREADABLE: { exit: 1, canRetry: false, says: '{uri} cannot be read: {problem}' },
  INPUT_EMPTY: { exit: 1, canRetry: false, says: '{uri} holds no logs: nothing was sent.' },
  INPUT_NOT_A_LIST: {
    exit: 1,
    canRetry: false,
    says: '{uri} holds one JSON object, not logs. Give a JSON array of logs, or one log a line.',
  },
  INPUT_NOT_UTF8: {
    exit: 1,
    canRetry: false,
    says: '{uri} is encoded in {encoding}. Convert it to UTF-8 first, for example with iconv.',
  },
  INPUT_GZIP_CORRUPT: {
    exit: 1,
    canRetry: false,
    says: '{uri} is damaged: gunzip stopped after {records} records ({problem}). Those before it were sent.',
  },
  INPUT_RECORD_REJECTED: {
    exit: 1,
    canRetry: false,
    says: 'Record {record} of {uri} {why} ({detail}). Stopped there because of --strict; {sent} logs before it were sent.',
  },

  S3_BUCKET_MISSING: {
    exit: 1,
    canRetry: false,
    says: 'The S3 bucket {bucket} does not exist at {endpoint}. Check LOGS_URI and AWS_ENDPOINT_URL_S3.',
  },
  S3_KEY_MISSING: {
    exit: 1,
    canRetry: false,
    says: 'There is no object {uri} at {endpoint}. A prefix must end in "/".',
  },
  S3_CREDENTIALS_MISSING: {
    exit: 2,
    canRetry: false,
    says: 'No S3 credentials were found for {uri}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.',
  },
  S3_ACCESS_DENIED: {
    exit: 1,
    canRetry: false,
    says: 'S3 at {endpoint} refuses {uri} ({problem}). Check the credentials and their rights (s3:GetObject, s3:ListBucket).',
  },
  S3_UNREACHABLE: {
    exit: 1,
    canRetry: true,
    says: 'S3 at {endpoint} does not answer ({problem}). Is it running, and is AWS_ENDPOINT_URL_S3 right?',
  },
  S3_OBJECT_CHANGED: {
    exit: 1,
    canRetry: false,
    says: '{uri} was replaced while it was being read (at byte {position}). Replay it again to send the new object.',
  },
  S3_FAILED: { exit: 1, canRetry: true, says: 'S3 at {endpoint} failed on {uri}: {problem}' },

  KAFKA_UNREACHABLE: {
    exit: 1,
    canRetry: true,
    says: 'Kafka at {brokers} does not answer ({problem}). Is it running, and is KAFKA_BROKERS right?',
  },
  KAFKA_AUTHENTICATION: {
    exit: 2,
    canRetry: false,
    says: 'Kafka at {brokers} refuses the credentials ({problem}). Check KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD.',
  },
  KAFKA_TLS: {
    exit: 2,
    canRetry: false,
    says: 'The TLS connection to Kafka at {brokers} failed ({problem}). Check KAFKA_SSL and KAFKA_SSL_CA.',
  },
  KAFKA_TOPIC_NOT_CREATED: {
    exit: 1,
    canRetry: false,
    says: 'The topic {topic} could not be created at {brokers} ({problem}). Create it yourself, or grant the right to.',
  },
  KAFKA_TOPIC_MISSING: {
    exit: 1,
    canRetry: false,
    says: 'The topic {topic} does not exist at {brokers}. Create it, or let `vigie replay` create it.',
  },
  KAFKA_NOT_AUTHORISED: {
    exit: 1,
    canRetry: false,
    says: 'Kafka at {brokers} does not allow this ({problem}). Check the ACLs of the user.',
  },
  KAFKA_MEMBER_REPLACED: {
    exit: 1,
    canRetry: false,
    says: 'Another process with SHIPPER_INSTANCE_ID {instance} joined the group {group} and took over its partitions. Give each shipper a name of its own.',
  },
  KAFKA_FAILED: { exit: 1, canRetry: true, says: 'Kafka at {brokers} failed: {problem}' },

  INCIDENT_STATE_UNREADABLE: {
    exit: 1,
    canRetry: false,
    says: 'The state of source {source} on the topic {topic} is not one that Vigie wrote ({problem}). Write a record without a value under the key of that source to forget it, then start again (docs/incidents.md).',
  },

  DEAD_LETTERS_TAKEN_OVER: {
    exit: 1,
    canRetry: true,
    says: 'Another `vigie dead-letters` took over, or Kafka took this one for hung: it ended after {settled} letters. None is lost or doubled.',
  },

  LOKI_UNREACHABLE: {
    exit: 1,
    canRetry: true,
    says: 'Loki at {url} does not answer ({problem}). Is it running, and is LOKI_URL right?',
  },
  LOKI_AUTHENTICATION: {
    exit: 2,
    canRetry: false,
    says: 'Loki at {url} refuses the credentials (HTTP {status}). Check LOKI_TENANT_ID, LOKI_USERNAME and LOKI_PASSWORD, or LOKI_BEARER_TOKEN.',
  },
  LOKI_QUERY_FAILED: {
    exit: 1,
    canRetry: false,
    says: 'Loki at {url} did not answer a query (HTTP {status}): {problem}',
  },
  RULES_INVALID: { exit: 2, canRetry: false, says: 'The rules in {file} are wrong: {problem}' },
  RULE_NOT_EVALUATED: { exit: 1, canRetry: false, says: 'This cannot be evaluated: {rule}. {problem}' },

  SHIPPER_STALLED: {
    exit: 1,
    canRetry: true,
    says: 'The shipper has not moved for {seconds} s: {left} logs of this replay wait in Kafka (group {group}). See `vigie status` and `vigie logs shipper`.',
  },
  STORED_FEWER: {
    exit: 1,
    canRetry: true,
    says: 'Loki answers for {stored} of the {sent} logs sent. If it runs with default settings, logs older than 3 hours show only once flushed (querier.query_ingesters_within). Refused lines are on {deadLetters}.',
  },

  BENCH_FAILED: { exit: 1, canRetry: true, says: 'The benchmark could not be run: {problem}' },

  PORT_IN_USE: {
    exit: 2,
    canRetry: false,
    says: 'Port {port}, which {service} needs, is used by {user}. Stop that, or choose another port with {setting}.',
  },
  DISK_FULL: {
    exit: 1,
    canRetry: false,
    says: 'There is no space left, or hardly any, on the disk of {path}. Free some, then try again.',
  },
  STORE_DAMAGED: {
    exit: 1,
    canRetry: false,
    says: 'The stored logs are damaged: {file} at byte {offset} ({problem}). Restore the file from a backup, or move it elsewhere to go on without what it holds.',
  },
  STORE_IN_USE: {
    exit: 1,
    canRetry: true,
    says: 'The stored logs in {folder} are open in another process (pid {pid}). Stop that one, with `vigie down` if `vigie up` started it, or use another folder.',
  },
  PATH_NOT_WRITABLE: { exit: 2, canRetry: false, says: '{path} cannot be written: {problem}' },
  BUILD_FAILED: {
    exit: 1,
    canRetry: true,
    says: '{engine} could not be built: {problem}\nThe whole output is in {log}',
  },
  CHECKSUM_MISMATCH: {
    exit: 1,
    canRetry: false,
    says: '{file} of {engine} is not the file that was pinned (checksum differs). Nothing was installed.',
  },
  SERVICE_DIED: {
    exit: 1,
    canRetry: true,
    says: '{service} stopped before it was ready: {problem}\nIts log: {log}',
  },
  SERVICE_NOT_READY: {
    exit: 1,
    canRetry: true,
    says: '{service} was not ready after {seconds} s: {problem}\nIts log: {log}',
  },
  DOCKER_MISSING: {
    exit: 2,
    canRetry: false,
    says: 'The Docker stack was asked for, but Docker cannot be used here ({problem}). Start or install it, or use --engine native.',
  },
  DOCKER_FAILED: {
    exit: 1,
    canRetry: true,
    says: 'Docker failed at `docker compose {command}` ({problem}). What it wrote above says why.',
  },
  STACK_BUSY: {
    exit: 1,
    canRetry: true,
    says: 'Another vigie (pid {pid}) is changing the stack, for {seconds} s now. Wait for it, or stop it.',
  },
  INTERRUPTED: { exit: 1, canRetry: true, says: 'Interrupted. {state}' },
} as const

export type ErrorCode = keyof typeof ERRORS

/** The names in braces in an error's sentence: what has to be told with it. */
type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never
export type Details<Code extends ErrorCode> = Record<
  Placeholders<(typeof ERRORS)[Code]['says']>,
  string | number
>

/** The one class of errors that Vigie throws on purpose. Anything else that is thrown is a defect. */
export class VigieError extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'VigieError'
    this.code = code
  }
  get exitCode(): 1 | 2 {
    return ERRORS[this.code].exit
  }
  get canRetry(): boolean {
    return ERRORS[this.code].canRetry
  }
}

/** Builds the error of that code; the compiler asks for every detail that its sentence names. */
export function vigieError<Code extends ErrorCode>(
  code: Code,
  details: Details<Code>,
  cause?: unknown,
): VigieError {
  const values: Record<string, string | number> = details
  const message = ERRORS[code].says.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]))
  return new VigieError(code, message, cause)
}

/** Why a file could not be read, without its path, which Node appends to the words of the system. */
export const fileProblemOf = (error: unknown): string =>
  reasonOf(error).replace(/, (?:open|read|scandir|stat)(?: '.*')?$/, '')

/** What went wrong, in the words of whoever threw it: one line, no stack. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  const { message, code, name } = (error instanceof Error ? error : { message: String(error) }) as Partial<
    NodeJS.ErrnoException & Error
  >
  const line = message?.split('\n').find((each) => each.trim() !== '')
  return line?.trim() ?? code ?? name ?? 'unknown'
}

/** Where in Vigie a defect was thrown: one place, for a report; nothing where the stack does not say. */
export function whereOf(error: unknown): string {
  const lines = (error instanceof Error ? error.stack : undefined)?.split('\n') ?? []
  const ours = lines.find((line) => OURS.test(line) && !line.includes('node_modules'))
  const place = OURS.exec(ours ?? '')?.[1]
  return place === undefined ? '' : ` (${place})`
}

const OURS = /\bdist\/([\w./-]+\.js:\d+)/

/** A record's headers as kafkajs hands them on: a name that stands there several times has a list. */
export type RecordHeaders = Readonly<Record<string, HeaderValue | HeaderValue[] | undefined>>
type HeaderValue = Buffer | string | null

/** A header as text, the first of its name; undefined when there is none. Pure. */
export function headerText(
  { headers }: { headers?: RecordHeaders | undefined },
  name: string,
): string | undefined {
  const value = headers?.[name]
  const first = Array.isArray(value) ? value[0] : value
  return first === undefined || first === null ? undefined : String(first)
}

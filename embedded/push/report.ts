/** Why entries are refused, in the words of Loki's metric `loki_discarded_samples_total`. */
export type RefusalReason =
  | 'missing_labels'
  | 'max_label_names_per_series'
  | 'label_name_too_long'
  | 'label_value_too_long'
  | 'line_too_long'
  | 'greater_than_max_sample_age'
  | 'too_far_in_future'
  | 'too_far_behind'
  | 'disallowed_structured_metadata'
  | 'structured_metadata_too_large'
  | 'structured_metadata_too_many'
  | 'rate_limited'
  | 'stream_limit'
  | 'per_stream_rate_limit'

/** Lines, and the bytes of these and of their structured metadata. */
export type Amount = { lines: number; bytes: number }

/** What was refused of one push. The status is that of an answer: 204 while nothing was. */
export type Report = {
  status: 204 | 400 | 429
  /** What is wrong with entries or labels by themselves, and how often. */
  problems: Map<string, number>
  /** Why the store takes no more of a stream. */
  sentences: string[]
  /** Problems and sentences that were left out. */
  unlisted: number
  amounts: Map<RefusalReason, Amount>
}

export const emptyReport = (): Report => ({
  status: 204,
  problems: new Map(),
  sentences: [],
  unlisted: 0,
  amounts: new Map(),
})

/** Like Loki, an answer lists so many refusals. */
const MAX_LISTED = 10

/** Adds what is wrong with an entry or a stream. The words are made only where they are listed. */
export function addProblem(report: Report, words: () => string): void {
  const { problems } = report
  if (problems.size >= MAX_LISTED) {
    report.unlisted++
    return
  }
  const problem = words()
  problems.set(problem, (problems.get(problem) ?? 0) + 1)
}

export function addSentence(report: Report, sentence: () => string): void {
  if (report.sentences.length < MAX_LISTED) report.sentences.push(sentence())
  else report.unlisted++
}

/** Counts what is refused; 429, upon which clients send again, wins over 400. */
export function addAmount(
  report: Report,
  status: 400 | 429,
  reason: RefusalReason,
  { lines, bytes }: Amount,
): void {
  report.status = report.status === 429 ? 429 : status
  const amount = report.amounts.get(reason) ?? { lines: 0, bytes: 0 }
  report.amounts.set(reason, { lines: amount.lines + lines, bytes: amount.bytes + bytes })
}

/** A lone problem as it is; several as Loki groups them: `2 errors like: …; 1 errors like: …`. */
function problemTexts(problems: ReadonlyMap<string, number>): string[] {
  const counted = [...problems]
  const isLone = counted.length === 1 && counted[0]?.[1] === 1
  const texts = counted.map(([problem, count]) => (isLone ? problem : `${count} errors like: ${problem}`))
  return counted.length === 0 ? [] : [texts.join('; ')]
}

/** The words of the answer. Pure. */
export function reportText({ problems, sentences, unlisted, amounts }: Report, lines: number): string {
  const texts = [...problemTexts(problems), ...sentences]
  if (unlisted === 0) return texts.join('\n')
  let refused = 0
  for (const amount of amounts.values()) refused += amount.lines
  return [...texts, `and ${unlisted} more, total ignored: ${refused} out of ${lines}`].join('\n')
}

/** A second as Loki writes it in refusals: `2026-11-19T10:00:00Z`. Pure. */
export const secondText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`

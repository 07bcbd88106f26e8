/** How a label's value is compared with a text or a regular expression. */
export type MatchOperator = '=' | '!=' | '=~' | '!~'
export type Matcher = { name: string; operator: MatchOperator; value: string }

export type LineFilterOperator = '|=' | '!=' | '|~' | '!~' | '|>' | '!>'
/** A text, a regular expression or a pattern, or with `isIp` an address, a range or a CIDR block. */
export type LineTerm = { text: string; isIp: boolean }
/** `|= "a" or "b"`: one of the terms is in the line; `!= "a" or "b"`: none of them is. */
export type LineFilter = { kind: 'line_filter'; operator: LineFilterOperator; terms: readonly LineTerm[] }

/** `label="path"`: `json` and `logfmt` take out only these. A lone `label` has the path of its name. */
export type Extraction = { label: string; path: string }

export type ComparisonOperator = '==' | '!=' | '>' | '>=' | '<' | '<='
export type LabelFilter =
  | { kind: 'match'; matcher: Matcher }
  | { kind: 'number'; label: string; operator: ComparisonOperator; value: number }
  /** `text` is the literal as it was written; `ns` may be a fraction. */
  | { kind: 'duration'; label: string; operator: ComparisonOperator; ns: number; text: string }
  | { kind: 'bytes'; label: string; operator: ComparisonOperator; bytes: number; text: string }
  | { kind: 'ip'; label: string; operator: '=' | '!='; range: string }
  | { kind: 'and' | 'or'; left: LabelFilter; right: LabelFilter }

/** `a=b` renames (copies and removes) a label, `a="{{ … }}"` makes one from a template. */
export type LabelFormat = { label: string; from: { label: string } | { template: string } }
/** A label of `drop` or `keep`, with a matcher if only some of its values are meant. */
export type LabelChoice = { name: string; matcher: Matcher | undefined }

export type Stage =
  | LineFilter
  | { kind: 'json'; extractions: readonly Extraction[] }
  | { kind: 'logfmt'; strict: boolean; keepEmpty: boolean; extractions: readonly Extraction[] }
  | { kind: 'regexp'; pattern: string }
  | { kind: 'pattern'; pattern: string }
  | { kind: 'unpack' }
  | { kind: 'label_filter'; filter: LabelFilter }
  | { kind: 'line_format'; template: string }
  | { kind: 'label_format'; formats: readonly LabelFormat[] }
  | { kind: 'decolorize' }
  | { kind: 'drop' | 'keep'; labels: readonly LabelChoice[] }

/** A selector and what is done with each of its lines. */
export type LogExpr = { kind: 'log'; matchers: readonly Matcher[]; stages: readonly Stage[] }

export type UnwrapConversion = 'bytes' | 'duration' | 'duration_seconds'
/** The label whose value is the sample, and the label filters that follow it. */
export type Unwrap = {
  label: string
  conversion: UnwrapConversion | undefined
  filters: readonly LabelFilter[]
}

/** `by (a, b)` or `without (a, b)`; `by ()` has no labels. */
export type Grouping = { without: boolean; labels: readonly string[] }

export const RANGE_OPERATIONS = [
  'count_over_time',
  'rate',
  'rate_counter',
  'bytes_over_time',
  'bytes_rate',
  'avg_over_time',
  'sum_over_time',
  'min_over_time',
  'max_over_time',
  'stdvar_over_time',
  'stddev_over_time',
  'quantile_over_time',
  'first_over_time',
  'last_over_time',
  'absent_over_time',
] as const
export type RangeOperation = (typeof RANGE_OPERATIONS)[number]

/** `operation(parameter, log | unwrap … [range] offset …) by (…)`; times in ns, exact below 2^53 (104 days). */
export type RangeExpr = {
  kind: 'range'
  operation: RangeOperation
  parameter: number | undefined
  log: LogExpr
  unwrap: Unwrap | undefined
  rangeNs: bigint
  offsetNs: bigint
  grouping: Grouping | undefined
}

export const VECTOR_OPERATIONS = [
  'sum',
  'avg',
  'min',
  'max',
  'count',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'sort',
  'sort_desc',
  /** Parsed and written, but refused when evaluated, as Loki does unless it is configured otherwise. */
  'approx_topk',
] as const
export type VectorOperation = (typeof VECTOR_OPERATIONS)[number]
export type VectorExpr = {
  kind: 'vector_aggregation'
  operation: VectorOperation
  /** The k of `topk`, `bottomk` and `approx_topk`. */
  parameter: number | undefined
  inner: MetricExpr
  grouping: Grouping | undefined
}

export const ARITHMETIC = ['+', '-', '*', '/', '%', '^'] as const
export const SET_OPERATIONS = ['and', 'or', 'unless'] as const
export type BinaryOperator =
  | (typeof ARITHMETIC)[number]
  | (typeof SET_OPERATIONS)[number]
  | ComparisonOperator
/** `on (…)` or `ignoring (…)`; with a `group`, that side may have several series that match one of the other side. */
export type Matching = {
  on: boolean
  labels: readonly string[]
  group: 'left' | 'right' | undefined
  /** Labels of the "one" side that `group_left (…)` copies. */
  include: readonly string[]
}
export type BinaryExpr = {
  kind: 'binary'
  operator: BinaryOperator
  left: MetricExpr
  right: MetricExpr
  /** A comparison answers 0 or 1 instead of leaving series out. */
  bool: boolean
  matching: Matching | undefined
}

export type LabelReplaceExpr = {
  kind: 'label_replace'
  inner: MetricExpr
  target: string
  replacement: string
  source: string
  pattern: string
}

export type MetricExpr =
  | RangeExpr
  | VectorExpr
  | BinaryExpr
  | LabelReplaceExpr
  | { kind: 'literal'; value: number }
  /** `vector(1)`. */
  | { kind: 'vector'; value: number }

/** A whole query. */
export type Expr = LogExpr | MetricExpr

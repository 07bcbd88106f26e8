/**
 * What Grafana does to a panel's query before Loki gets it, after its sources: the browser's part
 * (templateSrv and the Loki data source's interpolateQueryExpr), then the server's (pkg/tsdb/loki).
 */

/** What a reader of a dashboard chose. */
export type View = {
  fromMs: number
  toMs: number
  choices: Readonly<Record<string, 'all' | readonly string[]>>
  search: string
}

/** lokiSpecialRegexEscape, up to Grafana 11 wrapped in lokiRegularEscape, which is about apostrophes. */
const escaped = (value: string): string =>
  value
    .replace(/\\/g, '\\\\\\\\')
    .replace(/[$^*{}[\]+?.()|]/g, '\\\\$&')
    .replace(/'/g, "\\\\'")

const ALL_VALUE = '.*'
const VARIABLE = /\$(\w+)|\$\{(\w+)(?::(\w+))?\}/g

function inBrowser(query: string, { fromMs, toMs, choices, search }: View): string {
  return query.replace(VARIABLE, (whole, plain?: string, braced?: string, format?: string) => {
    const name = plain ?? braced ?? ''
    if (name === '__from') return String(fromMs)
    if (name === '__to') return String(toMs)
    if (name === 'search') return format === 'raw' ? search : search.replace(/'/g, "\\\\'")
    const chosen = choices[name]
    if (chosen === undefined) return whole
    return chosen === 'all' ? ALL_VALUE : chosen.map(escaped).join('|')
  })
}

/** gtime.FormatInterval. */
export function formatInterval(ms: number): string {
  const units = [
    ['y', 31_536_000_000],
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const
  for (const [unit, size] of units) if (ms >= size) return `${Math.floor(ms / size)}${unit}`
  return `${Math.max(1, Math.floor(ms))}ms`
}

/** rangeUtil.calculateInterval: a round step that leaves at most so many points, and no less than the panel's. */
export function intervalMs({ fromMs, toMs }: View, maxDataPoints: number, leastMs: number): number {
  const raw = (toMs - fromMs) / maxDataPoints
  const rounds = [
    [15_000, 10_000],
    [25_000, 20_000],
    [45_000, 30_000],
    [90_000, 60_000],
    [210_000, 120_000],
    [450_000, 300_000],
    [750_000, 600_000],
    [1_050_000, 900_000],
    [1_500_000, 1_200_000],
    [2_700_000, 1_800_000],
    [5_400_000, 3_600_000],
  ] as const
  const [, round] = rounds.find(([limit]) => raw < limit) ?? [0, 7_200_000]
  return Math.max(leastMs, round)
}

/** The query as Loki gets it. */
export function expand(query: string, view: View, stepMs: number): string {
  const rangeMs = view.toMs - view.fromMs
  const rangeSeconds = String(Math.round(rangeMs / 1_000))
  const macros = [
    ['$__interval_ms', String(stepMs)],
    ['$__interval', formatInterval(stepMs)],
    ['$__range_ms', String(rangeMs)],
    ['$__range_s', rangeSeconds],
    ['$__range', `${rangeSeconds}s`],
  ] as const
  let expanded = inBrowser(query, view)
  for (const [macro, value] of macros) expanded = expanded.replaceAll(macro, value)
  return expanded
}

/** renderLegendFormat: `{{label}}` becomes the label's value. */
export const legendOf = (format: string, labels: Readonly<Record<string, string>>): string =>
  format.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, name: string) => labels[name] ?? name)

/** pkg/services/provisioning/values: `$NAME` and `${NAME}` are environment variables, `$$` is a `$`. */
export const interpolatedByServer = (text: string, env: Readonly<Record<string, string>>): string =>
  text
    .split('$$')
    .map((part) =>
      part.replace(
        /\$(?:\{(\w+)\}|(\w+))/g,
        (_, braced?: string, plain?: string) => env[braced ?? plain ?? ''] ?? '',
      ),
    )
    .join('$')

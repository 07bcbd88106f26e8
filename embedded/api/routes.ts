import { type Handler } from './api.ts'
import { detectedFields, detectedFieldValues, detectedLabels } from './detected.ts'
import { formatQuery } from './format.ts'
import { indexStats, indexVolume, indexVolumeRange } from './index-facts.ts'
import { labels, labelValues, series } from './labels.ts'
import { instantQuery, rangeQuery } from './query.ts'
import * as status from './status.ts'

type Route = { path: RegExp; name: string; methods: readonly string[]; handler: Handler; hasTenant: boolean }

const GET = ['GET', 'HEAD']
const GET_OR_POST = ['GET', 'HEAD', 'POST']

/** `:name` in a path stands for one part of it, which the handler finds among the parameters as `:name`. */
function route(
  name: string,
  handler: Handler,
  { methods = GET_OR_POST, hasTenant = true }: { methods?: readonly string[]; hasTenant?: boolean } = {},
): Route {
  const path = new RegExp(`^${name.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`)
  return { path, name, methods, handler, hasTenant }
}

const OPEN = { methods: GET, hasTenant: false }

/** All of the API but pushes and tails, which are no such exchanges. */
const ROUTES: readonly Route[] = [
  route('/loki/api/v1/query_range', rangeQuery),
  route('/loki/api/v1/query', instantQuery),
  route('/loki/api/v1/labels', labels),
  route('/loki/api/v1/label', labels),
  route('/loki/api/v1/label/:name/values', labelValues),
  route('/loki/api/v1/series', series),
  route('/loki/api/v1/index/stats', indexStats),
  route('/loki/api/v1/index/volume', indexVolume),
  route('/loki/api/v1/index/volume_range', indexVolumeRange),
  route('/loki/api/v1/detected_labels', detectedLabels),
  route('/loki/api/v1/detected_fields', detectedFields),
  route('/loki/api/v1/detected_field/:name/values', detectedFieldValues),
  route('/loki/api/v1/patterns', status.patterns),
  route('/loki/api/v1/format_query', formatQuery, { hasTenant: false }),
  route('/loki/api/v1/rules', status.ruleFiles, { methods: GET }),
  route('/prometheus/api/v1/rules', status.prometheusRules, { methods: GET }),
  route('/prometheus/api/v1/alerts', status.prometheusAlerts, { methods: GET }),
  route('/loki/api/v1/status/buildinfo', status.buildInfo, OPEN),
  route('/ready', status.ready, OPEN),
  route('/config', status.config, OPEN),
  route('/metrics', status.metrics, OPEN),
  route('/services', status.services, OPEN),
  route('/flush', status.flush, { methods: GET_OR_POST, hasTenant: false }),
]

export type Found = Omit<Route, 'path'> & { parts: Readonly<Record<string, string>> }

/** The route of a path; undefined for one that there is not. Pure. */
export function routeOf(path: string): Found | undefined {
  for (const { path: pattern, ...route } of ROUTES) {
    const found = pattern.exec(path)
    if (found !== null) return { ...route, parts: found.groups ?? {} }
  }
  return undefined
}

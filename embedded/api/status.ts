import { EMBEDDED_SERVICE } from '../../log/names.ts'
import { configText } from '../config.ts'
import { jsonAnswer, textAnswer } from './answer.ts'
import { type Handler } from './api.ts'
import { LOKI_VERSION } from './metrics.ts'

export const ready: Handler = () => textAnswer(200, 'ready')

export const config: Handler = ({ config }) => textAnswer(200, configText(config).trimEnd())

export const metrics: Handler = async ({ metrics }) => ({
  status: 200,
  contentType: metrics.registry.contentType,
  body: await metrics.registry.metrics(),
})

/** As Loki's own, so that Grafana knows what it may ask; that it is not Loki stands in the header `Server`. */
export const buildInfo: Handler = () =>
  jsonAnswer({
    version: LOKI_VERSION,
    revision: '',
    branch: '',
    buildUser: '',
    buildDate: '',
    goVersion: '',
  })

export const services: Handler = () => textAnswer(200, `${EMBEDDED_SERVICE} => Running`)

/** What is acknowledged is safe, and visible to queries, without being flushed. */
export const flush: Handler = () => textAnswer(204, '')

export const prometheusRules: Handler = ({ rulerState }, { tenant }) =>
  jsonAnswer({ status: 'success', data: { groups: rulerState(tenant).groups }, errorType: '', error: '' })

export const prometheusAlerts: Handler = ({ rulerState }, { tenant }) =>
  jsonAnswer({ status: 'success', data: { alerts: rulerState(tenant).alerts }, errorType: '', error: '' })

/** Rule groups by namespace, as YAML; JSON is YAML. */
export const ruleFiles: Handler = ({ rulerState }, { tenant }) => {
  const { namespaces } = rulerState(tenant)
  if (Object.keys(namespaces).length === 0) return textAnswer(404, 'no rule groups found')
  return textAnswer(200, JSON.stringify(namespaces, undefined, 2), 'application/yaml')
}

/** Patterns are not mined, and a Loki that does not mine them either (its default) answers so. */
export const patterns: Handler = () => textAnswer(404, '')

import { LogqlError, type Position } from '../error.ts'
import { type AlertContext } from './alert-context.ts'
import { ALERT_FUNCTIONS } from './alert-functions.ts'
import { compileTemplate } from './execute.ts'
import { type Struct, textMap, type Value } from './value.ts'

export type { AlertContext, Sample } from './alert-context.ts'

/** What Prometheus puts before each template, so that the variables are there. */
const VARIABLES = [
  '{{$labels := .Labels}}',
  '{{$externalLabels := .ExternalLabels}}',
  '{{$externalURL := .ExternalURL}}',
  '{{$value := .Value}}',
].join('')

const TYPE =
  'struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }'

/**
 * Compiles the template of a label or an annotation of an alert rule: Go's text/template with Prometheus'
 * functions and `$labels`, `$externalLabels`, `$externalURL` and `$value`. A label that is not there is ''. `name`
 * stands in messages; Prometheus uses `__alert_` and the name of the alert. Throws LogqlError (`parse`); the
 * result throws LogqlError (`execution`) in Prometheus' words, or `limit`.
 */
export function compileAlertTemplate(text: string, name = '__alert'): (context: AlertContext) => string {
  const execute = explained(`error parsing template ${name}`, () =>
    compileTemplate(VARIABLES + text, name, ALERT_FUNCTIONS),
  )
  return (context) => explained(`error executing template ${name}`, () => execute(context, dataOf(context)))
}

/** Runs an action; its error message begins with what failed. */
function explained<Result>(what: string, act: () => Result): Result {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof LogqlError)) throw error
    throw new LogqlError(error.kind, `${what}: ${error.message}`, withoutVariables(error.position))
  }
}

/** A position in the text as the user wrote it, without the variables before it. */
const withoutVariables = (position: Position | undefined): Position | undefined =>
  position?.line === 1 ? { line: 1, column: Math.max(1, position.column - VARIABLES.length) } : position

const dataOf = ({ labels, externalLabels, externalUrl, value }: AlertContext): Struct => ({
  kind: 'struct',
  type: TYPE,
  fields: new Map<string, Value>([
    ['Labels', textMap(labels)],
    ['ExternalLabels', textMap(externalLabels)],
    ['ExternalURL', externalUrl],
    ['Value', value],
  ]),
})

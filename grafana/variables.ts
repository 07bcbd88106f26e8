import { JOB, type LABEL_FIELDS } from '../log/names.ts'
import { selecting } from '../rules/expressions.ts'
import { LOKI, type QueryVariable, type TextVariable } from './model.ts'

/** A choice among the values that a label has in the time shown. */
const choice = (label: string): QueryVariable => {
  const stream = selecting(JOB.logs)
  return {
    type: 'query',
    name: label,
    label,
    datasource: LOKI,
    // 1 asks for the values of a label. Grafana has read this form since 9.3.
    query: { type: 1, label, stream, refId: `Loki-${label}` },
    definition: `label_values(${stream}, ${label})`,
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    // Not `.+`: all is all, also the runs that have no such label.
    allValue: '.*',
    current: { selected: true, text: ['All'], value: ['$__all'] },
    hide: 0,
    options: [],
    regex: '',
    skipUrlSync: false,
  }
}

const CHOICES = ['source', 'entreprise', 'zone', 'etat'] as const satisfies (typeof LABEL_FIELDS)[number][]

/** Source, company, zone and outcome, on every dashboard. */
export const choices: QueryVariable[] = CHOICES.map(choice)

/** What the reader searches for in the lines. */
export const search: TextVariable = {
  type: 'textbox',
  name: 'search',
  label: 'search',
  description: 'Any part of a line, as a regular expression; upper and lower case are the same.',
  query: '',
  current: { selected: true, text: '', value: '' },
  hide: 0,
  options: [],
  skipUrlSync: false,
}

/**
 * The line filter of that search. `:raw` keeps Grafana from escaping it, and backticks let a regular
 * expression have its backslashes. An empty search lets every line pass.
 */
export const SEARCHED = ` |~ \`(?i)\${${search.name}:raw}\``

import { htmlEscape, jsEscape, queryEscape } from './escape.ts'
import { fail, fixed, type TemplateFunction, variadic } from './function.ts'
import { compareOrder, indexOf, isEqual, lengthOf, sliceOf } from './operations.ts'
import { sprint, sprintln } from './print.ts'
import { sprintf } from './printf.ts'
import { int, truth, type Value } from './value.ts'

const escaping = (write: (text: string) => string) =>
  variadic([], 'any', (...values: Value[]) => write(sprint(values.map((value) => value ?? '<no value>'))))

/** The functions that every template of Go has. `and` and `or` are only here to be known: the evaluator does them. */
export const BUILTINS: ReadonlyMap<string, TemplateFunction<unknown>> = new Map([
  ['and', variadic(['any'], 'any', (first) => first)],
  ['or', variadic(['any'], 'any', (first) => first)],
  ['not', fixed(['any'], (value) => !truth(value))],
  [
    'call',
    variadic(['any'], 'any', (value) => fail(value === null ? 'call of nil' : 'non-function of a template')),
  ],
  ['html', escaping(htmlEscape)],
  ['js', escaping(jsEscape)],
  ['urlquery', escaping(queryEscape)],
  ['print', variadic([], 'any', (...values) => sprint(values))],
  ['println', variadic([], 'any', (...values) => sprintln(values))],
  ['printf', variadic(['string'], 'any', (format, ...values) => sprintf(format, values))],
  ['len', fixed(['any'], (value) => int(lengthOf(value)))],
  ['index', variadic(['any'], 'any', indexOf)],
  ['slice', variadic(['any'], 'any', sliceOf)],
  ['eq', variadic(['any'], 'any', (first, ...others) => isEqual(first, others))],
  ['ne', fixed(['any', 'any'], (a, b) => !isEqual(a, [b]))],
  ['lt', fixed(['any', 'any'], (a, b) => compareOrder(a, b) === 'less')],
  ['le', fixed(['any', 'any'], (a, b) => ['less', 'equal'].includes(compareOrder(a, b)))],
  ['gt', fixed(['any', 'any'], (a, b) => !['less', 'equal'].includes(compareOrder(a, b)))],
  ['ge', fixed(['any', 'any'], (a, b) => compareOrder(a, b) !== 'less')],
])

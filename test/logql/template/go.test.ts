import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { LogqlError } from '../../../logql/error.ts'
import { formatTime, timeText } from '../../../logql/template/layout.ts'
import { compileLineTemplate } from '../../../logql/template/line.ts'
import { sprintf } from '../../../logql/template/printf.ts'
import { parseTime } from '../../../logql/template/time-parse.ts'
import { anyMap, integer, listOf, type Value } from '../../../logql/template/value.ts'
import { loadZone, UTC } from '../../../logql/template/zone.ts'
import { PROJECT_ROOT } from '../../../stack/config.ts'

/** A value of the recording: its Go type and how it is written there. */
type Written =
  | { int: string }
  | { int64: string }
  | { duration: string }
  | { float: string }
  | { string: string }
  | { bool: boolean }
  | { nil: true }
  | { list: Written[] }
  | { map: Record<string, Written> }

/**
 * What Go 1.26.8 answered: text/template with sprig 3.3.0's functions, and with Go's own for those that Loki adds,
 * `missingkey=zero`, a template named `line`, and the labels as the dot; fmt.Sprintf with generated calls;
 * Time.Format; and time.ParseInLocation (`ERR` for its errors).
 */
const GO = JSON.parse(
  readFileSync(join(PROJECT_ROOT, 'test', 'logql', 'template', 'go-answers.golden.json'), 'utf8'),
) as {
  labels: Record<string, string>
  printf: [format: string, values: Written[], text: string][]
  templates: [template: string, text: string][]
  format: [layout: string, ns: string, zone: string, text: string][]
  parse: [layout: string, text: string, zone: string, time: string][]
}

function readValue(written: Written): Value {
  if ('int' in written) return integer(BigInt(written.int), 'int')
  if ('int64' in written) return integer(BigInt(written.int64), 'int64')
  if ('duration' in written) return integer(BigInt(written.duration), 'time.Duration')
  if ('float' in written) return Number(written.float)
  if ('string' in written) return written.string
  if ('bool' in written) return written.bool
  if ('nil' in written) return null
  if ('list' in written) return listOf(written.list.map(readValue))
  return anyMap(new Map(Object.entries(written.map).map(([key, value]) => [key, readValue(value)])))
}

const labels = new Map(Object.entries(GO.labels))
const context = {
  label: (name: string) => labels.get(name),
  labels: () => labels,
  line: () => 'the line',
  timeNs: () => 1_795_082_400_123_456_789n,
}

/** The text that a template makes, or its error, as the recording has it. */
function executed(template: string): string {
  try {
    return compileLineTemplate(template)(context)
  } catch (error) {
    if (!(error instanceof LogqlError)) throw error
    return `ERR ${error.message}`
  }
}

describe('as Go does', () => {
  it.each(GO.templates)('%s', (template, text) => {
    expect(executed(template)).toBe(text)
  })

  it('printf formats', () => {
    const ours = GO.printf.map(([format, values]) => [format, values, sprintf(format, values.map(readValue))])
    expect(ours).toEqual(GO.printf)
  })

  it('times are written in layouts and zones', () => {
    const ours = GO.format.map(([layout, ns, name]) => {
      const zone = loadZone(name) ?? UTC
      return [layout, ns, name, formatTime({ kind: 'time', ns: BigInt(ns), zone }, layout)]
    })
    expect(ours).toEqual(GO.format)
  })

  it('times are read in layouts and zones', () => {
    const ours = GO.parse.map(([layout, text, name]) => {
      const time = parseTime(layout, text, loadZone(name) ?? UTC)
      return [layout, text, name, time === undefined ? 'ERR' : timeText(time)]
    })
    expect(ours).toEqual(GO.parse)
  })
})

import { describe, expect, test } from '@jest/globals'
import { foreignNames } from '../../rules/check.ts'

const logs = '{job="kafka-logs"}'

describe('foreignNames', () => {
  test.each([
    [`sum by (source) (count_over_time({job="kafka-logs", etat=~".+", zone!="x"}[5m]))`],
    [`sum(count_over_time(${logs}[1h] offset 1d)) or vector(0)`],
    [`quantile_over_time(0.95, ${logs} | json d="duree" | unwrap d | __error__="" [5m]) by (job)`],
    [`max_over_time(${logs} | json duree, c="cpu" | unwrap duree [5m]) by (source)`],
    [`max_over_time(${logs} | json | unwrap memoire [5m]) by (source, entreprise)`],
    [`max_over_time(${logs} | json d="duree" | unwrap duration(d) [5m]) by (source)`],
    [
      `max_over_time(${logs} | label_format ts=\`{{ __timestamp__ | unixEpoch }}\` | unwrap ts [5m]) by (source)`,
    ],
    [
      `sum by (day) (count_over_time(${logs} | label_format day=\`{{ (toDate "x" "y").Weekday }}\` | day=~"Monday|Friday" [5m]))`,
    ],
    [
      `sum by (reason) (count_over_time({job=~"ingestion-rejected|ingestion-dead-letters", reason!~"a|b"}[5m]))`,
    ],
    [`a{job="ingestion-incidents", event="opened"} > on (source) group_left (zone) b`],
    ['vector(1)'],
    [''],
  ])('%s is of the contract', (query) => expect(foreignNames(query)).toEqual([]))

  test.each([
    [`{job="kafka-log"}`, ['job kafka-log']],
    [`{job=~"kafka-logs|other"}`, ['job other']],
    [`{job="kafka-logs", status="FAILED"}`, ['label status']],
    [`{job="kafka-logs",sources=~"a",  zones !~ "b"}`, ['label sources', 'label zones']],
    [`sum by (source, region) (count_over_time(${logs}[5m]))`, ['label region']],
    [`sum without (nod) (a) and ignoring(nodd) b`, ['label nod', 'label nodd']],
    [`a > on (src) b unless on (sourc) c`, ['label src', 'label sourc']],
    [`${logs} | json duree="duration"`, ['field duration']],
    [`${logs} | json duree="duree", cpu="cpus"`, ['field cpus']],
    [`${logs} | json duration, cpu`, ['field duration']],
    [`max_over_time(${logs} | unwrap duree [5m])`, ['unwrapped label duree']],
    [`max_over_time(${logs} | json d="duree" | unwrap dd [5m])`, ['unwrapped label dd']],
    [`max_over_time(${logs} | json d="duree" | unwrap duration(dd) [5m])`, ['unwrapped label dd']],
    [`${logs} | label_format day=\`x\` | dai=~"Monday"`, ['label dai']],
    [`${logs} | json d="duree" | duree > 5`, ['label duree']],
    [`sum(count_over_time({job="x", x="y"}[5m])) by (x)`, ['job x', 'label x']],
  ])('%s', (query, expected) => expect(foreignNames(query)).toEqual(expected))

  test('what stands in strings is not LogQL', () => {
    const strings = [
      String.raw`{job="kafka-logs", source="x\"} by (region) | unwrap nothing"}`,
      `${logs} |= "{job=\\"other\\"} by (region)"`,
      `${logs} |~ \`{nothing="x"} | unwrap nothing by (region)\``,
      `${logs} | label_format a=\`{{ if eq .b "c" }}{x="y"}{{ end }}\``,
      `{job="kafka-logs", source=~"(a|b){2}[x]\\\\{y=z\\\\}"}`,
      `${logs} != "sum without (region)"`,
    ]
    for (const query of strings) expect({ query, found: foreignNames(query) }).toEqual({ query, found: [] })
  })

  test('each is told once', () => {
    expect(foreignNames('a by (x) and b by (x)')).toEqual(['label x'])
  })
})

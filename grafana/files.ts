import { stringify } from 'yaml'
import { ALERT_FILES } from '../rules/alert.ts'
import { alerts } from '../rules/alerts.ts'
import { GENERATED, type RenderedFile } from '../rules/ruler.ts'
import { type Declaration } from '../rules/sources.ts'
import { ruleGroups } from './alerts.ts'
import { dashboardJson } from './dashboard.ts'
import { dashboards } from './dashboards.ts'
import { deletedUids, uidsIn } from './deleted.ts'
import { LOKI } from './model.ts'
import { notifications } from './notifications.ts'

/** What Grafana mounts as /etc/grafana/provisioning. */
export const PROVISIONING = 'grafana/provisioning'
const ALERTING = `${PROVISIONING}/alerting`
const DOCKER_LOKI = 'http://loki:3100'
const DASHBOARDS_FOLDER = 'data-dashboard'
/** Where runbooks are, from the project's root. */
const RUNBOOKS = 'docs/runbooks'

/** Grafana reads YAML 1.1, where `no` and `00:00` are no strings: all are quoted. */
const yaml = (path: string, value: unknown): RenderedFile => ({
  path: `${PROVISIONING}/${path}`,
  content: `# ${GENERATED}\n${stringify(value, { lineWidth: 0, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN', aliasDuplicateObjects: false })}`,
})

const datasource = (url: string) => ({
  apiVersion: 1,
  datasources: [
    {
      orgId: 1,
      name: 'Loki',
      uid: LOKI.uid,
      type: LOKI.type,
      access: 'proxy',
      url,
      isDefault: true,
      editable: false,
      // As many lines as Loki gives out by default; each panel asks for fewer.
      jsonData: { maxLines: 5_000 },
    },
  ],
})

const provider = {
  apiVersion: 1,
  providers: [
    {
      orgId: 1,
      name: 'vigie',
      folder: DASHBOARDS_FOLDER,
      type: 'file',
      disableDeletion: false,
      allowUiUpdates: false,
      updateIntervalSeconds: 30,
      options: { path: '/etc/grafana/provisioning/dashboards' },
    },
  ],
}

export type GrafanaOptions = {
  /** What an earlier rendering left in that folder: rules that are only there get deleted in Grafana. */
  previous?: readonly RenderedFile[]
  /** Where Grafana finds Loki; where the Docker stack has it when left out. */
  lokiUrl?: string
  /** Address of the folder of runbooks that mails link to. */
  runbooks?: string
}

/** Everything that Grafana is provisioned with, for sources that declared these things. Pure. */
export function grafanaFiles(
  declarations: readonly Declaration[] = [],
  { previous = [], lokiUrl = DOCKER_LOKI, runbooks = RUNBOOKS }: GrafanaOptions = {},
): RenderedFile[] {
  const all = alerts(declarations)
  const alertFiles = ALERT_FILES.map((file) =>
    yaml(`alerting/${file}.yml`, { apiVersion: 1, groups: ruleGroups(file, all, runbooks) }),
  )
  const known = previous.filter(({ path }) => path.startsWith(`${ALERTING}/`))
  const deleted = deletedUids(
    known.flatMap(({ content }) => uidsIn(content)),
    alertFiles.flatMap(({ content }) => uidsIn(content)),
  )
  return [
    yaml('datasources/loki.yaml', datasource(lokiUrl)),
    yaml('dashboards/dashboards.yml', provider),
    // Grafana logs an error for each of these folders that is not there.
    yaml('plugins/none.yml', { apiVersion: 1, apps: [] }),
    yaml('notifiers/none.yml', { apiVersion: 1, notifiers: [] }),
    ...dashboards(declarations).map((dashboard) => ({
      path: `${PROVISIONING}/dashboards/${dashboard.uid}.json`,
      content: `${JSON.stringify(dashboardJson(dashboard), undefined, 2)}\n`,
    })),
    yaml('alerting/alerting.yml', notifications(declarations)),
    // Its name comes first, and so Grafana reads it first: a deleted rule gives its title free before
    // another rule takes it, which Grafana would refuse.
    yaml('alerting/0-deleted-rules.yml', {
      apiVersion: 1,
      deleteRules: deleted.map((uid) => ({ orgId: 1, uid })),
    }),
    ...alertFiles,
  ]
}

import { z } from 'zod'

/** How one container stands, in the words of status.ts. */
export type ContainerStatus = {
  name: string
  state: 'ready' | 'not ready' | 'stopped' | 'died'
  address: string
  waitsFor?: string
}

/** What `docker compose ps --format json` says of a container, as far as it matters here. */
const containerSchema = z.object({
  Service: z.string(),
  State: z.string(),
  Health: z.string().default(''),
  ExitCode: z.int().default(0),
  Publishers: z
    .array(z.object({ URL: z.string().default(''), PublishedPort: z.int().default(0) }))
    .nullish()
    .transform((publishers) => publishers ?? []),
})
type Container = z.infer<typeof containerSchema>

/** Services that end by themselves: that they do not run is as it should be. */
const RUN_ONCE: readonly string[] = ['producer', 'sample']

/**
 * The containers in what `docker compose ps --format json` writes: one object a line, or one array (before
 * Compose 2.21). Pure; throws zod's error when it is neither.
 */
export function containerStatuses(output: string): ContainerStatus[] {
  const text = output.trim()
  if (text === '') return []
  const containers: unknown = text.startsWith('[')
    ? JSON.parse(text)
    : text.split('\n').map((line) => JSON.parse(line) as unknown)
  return z
    .array(containerSchema)
    .parse(containers)
    .filter(({ Service }) => !RUN_ONCE.includes(Service))
    .map(statusOf)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function statusOf(container: Container): ContainerStatus {
  const { Service: name, State, Health, ExitCode, Publishers } = container
  const ports = Publishers.filter(({ PublishedPort }) => PublishedPort > 0)
  const address = [...new Set(ports.map(({ URL, PublishedPort }) => `${URL}:${PublishedPort}`))].join(' ')
  if (State === 'running' && (Health === 'healthy' || Health === '')) return { name, state: 'ready', address }
  if (State === 'running')
    return { name, state: 'not ready', address, waitsFor: `its health check: ${Health}` }
  if (State === 'exited' && ExitCode === 0) return { name, state: 'stopped', address }
  if (State === 'created') return { name, state: 'stopped', address }
  return { name, state: 'died', address, waitsFor: `${State}, exit code ${ExitCode}` }
}

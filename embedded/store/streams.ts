import { type Matcher } from '../../logql/ast.ts'
import { compileRegexp } from '../../logql/regexp.ts'
import { type Labels } from '../../logql/source.ts'
import { definitionBytes } from './log-record.ts'
import { type State, type Stream, type Tenant } from './state.ts'

/** A tenant without streams. */
export const createTenant = (name: string): Tenant => ({ name, streams: new Map(), byLabel: new Map() })

/** The stream of that key; its labels are asked for when it is new. */
export function streamOf(tenant: Tenant, key: string, labelsOf: () => Labels): Stream {
  const known = tenant.streams.get(key)
  if (known !== undefined) return known
  const labels = labelsOf()
  const stream: Stream = {
    tenant: tenant.name,
    key,
    labels: new Map(labels),
    definition: definitionBytes({ key, labels }),
    segments: [],
    heads: [],
    sealedNewestNs: undefined,
    writtenMs: 0,
  }
  tenant.streams.set(key, stream)
  for (const [name, value] of stream.labels) {
    const byValue = tenant.byLabel.get(name) ?? new Map<string, Set<Stream>>()
    tenant.byLabel.set(name, byValue)
    const streams = byValue.get(value) ?? new Set<Stream>()
    byValue.set(value, streams.add(stream))
  }
  return stream
}

/** Forgets a stream. */
export function removeStream(tenant: Tenant, stream: Stream): void {
  tenant.streams.delete(stream.key)
  for (const [name, value] of stream.labels) {
    const byValue = tenant.byLabel.get(name)
    const streams = byValue?.get(value)
    streams?.delete(stream)
    if (streams?.size === 0) byValue?.delete(value)
    if (byValue?.size === 0) tenant.byLabel.delete(name)
  }
}

/**
 * The streams that match all matchers. A label that a stream lacks is as good as an empty one. Yields now and
 * then. Throws LogqlError for a regular expression that cannot be compiled.
 */
export function* matching(tenant: Tenant, matchers: readonly Matcher[]): Generator<void, Stream[]> {
  const tests = matchers.map((matcher) => ({ name: matcher.name, matches: remembered(testOf(matcher)) }))
  const found: Stream[] = []
  let looked = 0
  // Copied: others come and go meanwhile.
  for (const stream of [...fewestFor(tenant, matchers)]) {
    if (tests.every(({ name, matches }) => matches(stream.labels.get(name) ?? ''))) found.push(stream)
    if (++looked % STREAMS_BETWEEN_YIELDS === 0) yield
  }
  return found
}

/** Streams that are tested between two yields, some against a regular expression. */
const STREAMS_BETWEEN_YIELDS = 256

/** The smallest set of streams in the index that all have to be in. */
function fewestFor(tenant: Tenant, matchers: readonly Matcher[]): Iterable<Stream> {
  let fewest: { size: number; streams: Iterable<Stream> } = {
    size: tenant.streams.size,
    streams: tenant.streams.values(),
  }
  for (const { name, operator, value } of matchers) {
    if (operator !== '=' || value === '') continue
    const streams = tenant.byLabel.get(name)?.get(value) ?? new Set<Stream>()
    if (streams.size < fewest.size) fewest = { size: streams.size, streams }
  }
  return fewest.streams
}

function testOf({ operator, value }: Matcher): (text: string) => boolean {
  if (operator === '=') return (text) => text === value
  if (operator === '!=') return (text) => text !== value
  const { testWhole } = compileRegexp(value)
  return operator === '=~' ? testWhole : (text) => !testWhole(text)
}

/** Many streams share a value: each is tested once. */
function remembered(test: (text: string) => boolean): (text: string) => boolean {
  const answers = new Map<string, boolean>()
  return (text) => {
    const known = answers.get(text)
    if (known !== undefined) return known
    const answer = test(text)
    answers.set(text, answer)
    return answer
  }
}

/** The streams of a tenant, made when there are none. */
export function tenantOf(state: State, name: string): Tenant {
  const known = state.tenants.get(name)
  if (known !== undefined) return known
  const tenant = createTenant(name)
  state.tenants.set(name, tenant)
  return tenant
}

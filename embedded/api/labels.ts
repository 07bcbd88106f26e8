import { compareTexts } from '../../logql/strings.ts'
import { type StreamFacts } from '../store/store.ts'
import { inPieces, success, successOf } from './answer.ts'
import { type Handler } from './api.ts'
import { drive } from './drive.ts'
import { matchersOf, matchingStreams, queriedStreams, someMatchersOf } from './selection.ts'

/** Loki leaves `data` out where there is nothing. */
const sortedNames = (names: ReadonlySet<string>): string[] | undefined =>
  names.size === 0 ? undefined : [...names].sort(compareTexts)

/** The names of labels. */
export const labels: Handler = (api, asked) => {
  const names = new Set<string>()
  for (const { labels } of queriedStreams(api, asked)) for (const name of labels.keys()) names.add(name)
  return success(sortedNames(names))
}

/** The values of the label that the path names. */
export const labelValues: Handler = (api, asked) => {
  const name = asked.parameters.get(':name') ?? ''
  const values = new Set<string>()
  for (const { labels } of queriedStreams(api, asked)) {
    const value = labels.get(name)
    if (value !== undefined) values.add(value)
  }
  return success(sortedNames(values))
}

/** The labels of each stream that one of the `match[]` selectors matches; of all without one, and for a lone `{}`. */
export const series: Handler = async (api, asked) => {
  const { parameters } = asked
  const selectors = [...new Set([...parameters.getAll('match[]'), ...parameters.getAll('match')])]
  const [only = '{}'] = selectors
  const isAll = selectors.length < 2 && /^\{ *\}$/.test(only)
  const matchers = isAll ? [matchersOf('{}')] : selectors.map(someMatchersOf)
  const streams = matchingStreams(api, asked, matchers)
  return successOf(await drive(inPieces(seriesTexts(streams)), asked.signal))
}

/** The JSON text of the labels of streams, bit by bit: those of 5,000 may have 150 MB. */
function* seriesTexts(streams: readonly StreamFacts[]): Generator<string> {
  let before = '['
  for (const { labels } of streams) {
    yield before + JSON.stringify(Object.fromEntries(labels))
    before = ','
  }
  yield streams.length === 0 ? '[]' : ']'
}

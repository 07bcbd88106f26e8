import { sortedInPieces } from '../../logql/evaluate/sort.ts'
import { compareTexts } from '../../logql/strings.ts'
import { type StreamFacts } from '../store/store.ts'
import { type Answer, arrayTexts, inPieces, success, successOf } from './answer.ts'
import { type Api, type Asked, type Handler } from './api.ts'
import { drive } from './drive.ts'
import { matchersOf, matchingStreams, queriedStreams, someMatchersOf } from './selection.ts'

/** Streams that are looked at between two yields. */
const STREAMS_BETWEEN_YIELDS = 1_024

/** Names in their order; Loki leaves `data` out where there is none. A hundred thousand may have 150 MB. */
function* namesAnswer(names: ReadonlySet<string>): Generator<void, Answer> {
  if (names.size === 0) return success(undefined)
  return successOf(yield* inPieces(arrayTexts(yield* sortedInPieces([...names], compareTexts))))
}

/** What `add` takes of the streams that are asked about. */
function* namesOf(
  api: Api,
  asked: Asked,
  add: (names: Set<string>, stream: StreamFacts) => void,
): Generator<void, Answer> {
  const names = new Set<string>()
  for (const [index, stream] of (yield* queriedStreams(api, asked)).entries()) {
    add(names, stream)
    if (index % STREAMS_BETWEEN_YIELDS === 0) yield
  }
  return yield* namesAnswer(names)
}

/** The names of labels. */
export const labels: Handler = (api, asked) =>
  drive(
    namesOf(api, asked, (names, { labels }) => {
      for (const name of labels.keys()) names.add(name)
    }),
    asked.signal,
  )

/** The values of the label that the path names. */
export const labelValues: Handler = (api, asked) => {
  const name = asked.parameters.get(':name') ?? ''
  return drive(
    namesOf(api, asked, (values, { labels }) => {
      const value = labels.get(name)
      if (value !== undefined) values.add(value)
    }),
    asked.signal,
  )
}

/** The labels of each stream that one of the `match[]` selectors matches; of all without one, and for a lone `{}`. */
export const series: Handler = async (api, asked) => {
  const { parameters } = asked
  const selectors = [...new Set([...parameters.getAll('match[]'), ...parameters.getAll('match')])]
  const [only = '{}'] = selectors
  const isAll = selectors.length < 2 && /^\{ *\}$/.test(only)
  const matchers = isAll ? [matchersOf('{}')] : selectors.map(someMatchersOf)
  return await drive(seriesAnswer(api, asked, matchers), asked.signal)
}

function* seriesAnswer(
  api: Api,
  asked: Asked,
  selectors: Parameters<typeof matchingStreams>[2],
): Generator<void, Answer> {
  return successOf(yield* inPieces(seriesTexts(yield* matchingStreams(api, asked, selectors))))
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

import { compareTexts } from '../../logql/evaluate/labels.ts'
import { Refusal } from '../refusal.ts'
import { success } from './answer.ts'
import { type Handler } from './api.ts'
import { matchingStreams } from './selection.ts'

/** Loki leaves `data` out where there is nothing. */
const sortedNames = (names: ReadonlySet<string>): string[] | undefined =>
  names.size === 0 ? undefined : [...names].sort(compareTexts)

/** The names of labels. */
export const labels: Handler = (api, asked) => {
  const names = new Set<string>()
  for (const { labels } of matchingStreams(api, asked, [asked.parameters.get('query')]))
    for (const name of labels.keys()) names.add(name)
  return success(sortedNames(names))
}

/** The values of the label that the path names. */
export const labelValues: Handler = (api, asked) => {
  const name = asked.parameters.get(':name') ?? ''
  const values = new Set<string>()
  for (const { labels } of matchingStreams(api, asked, [asked.parameters.get('query')])) {
    const value = labels.get(name)
    if (value !== undefined) values.add(value)
  }
  return success(sortedNames(values))
}

/** The labels of each stream that one of the `match[]` selectors matches. */
export const series: Handler = (api, asked) => {
  const { parameters } = asked
  const selectors = [...parameters.getAll('match[]'), ...parameters.getAll('match')]
  if (selectors.length === 0) throw new Refusal(400, '0 matcher groups supplied')
  return success(matchingStreams(api, asked, selectors).map(({ labels }) => Object.fromEntries(labels)))
}

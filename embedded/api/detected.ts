import { jsonAnswer } from './answer.ts'
import { type Handler } from './api.ts'
import { matchingStreams } from './selection.ts'

const ID = /^(?:\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i

/** The labels of the streams that match `query`, without those all of whose values are numbers or UUIDs. */
export const detectedLabels: Handler = (api, asked) => {
  const values = new Map<string, Set<string>>()
  for (const { labels } of matchingStreams(api, asked, [asked.parameters.get('query')]))
    for (const [name, value] of labels) {
      const known = values.get(name) ?? new Set()
      values.set(name, known.add(value))
    }
  const detected = [...values].filter(([, known]) => ![...known].every((value) => ID.test(value)))
  return jsonAnswer({
    detectedLabels: detected.map(([label, known]) => ({ label, cardinality: known.size })),
  })
}

export const detectedFields: Handler = () => jsonAnswer({ fields: [], limit: 1_000 })
export const detectedFieldValues: Handler = () => jsonAnswer({ values: [], limit: 1_000 })

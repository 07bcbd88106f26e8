/**
 * What the metadata of a committed offset says: records before `until` may have been pushed by whoever
 * committed it, so that whoever goes on from the offset asks Loki for them first. Of a clean end nothing
 * is uncertain: `until` is the offset itself.
 */
export type Mark = { offset: number; until: number }

const FORM = /^vigie until=(\d{1,16})$/

export const writeMark = ({ until }: Mark): string => `vigie until=${until}`

/** Reads the metadata of a commit. Other programs' and no metadata say that nothing is uncertain. Pure. */
export function readMark(offset: number, metadata: string | null | undefined): Mark {
  const until = Number(FORM.exec(metadata ?? '')?.[1] ?? 0)
  return { offset, until: until > offset ? until : offset }
}

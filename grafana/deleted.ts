import { parse } from 'yaml'
import { z } from 'zod'

const uids = z.array(z.object({ uid: z.string() }))
const alertingFile = z.object({
  groups: z.array(z.object({ rules: uids })).optional(),
  deleteRules: uids.optional(),
})

/** The uids of the rules that a rendered file creates or deletes; none when it is about something else. */
export function uidsIn(content: string): string[] {
  const file = alertingFile.safeParse(parse(content))
  if (!file.success) return []
  const { groups = [], deleteRules = [] } = file.data
  return [...groups.flatMap(({ rules }) => rules), ...deleteRules].map(({ uid }) => uid)
}

/**
 * What has to be deleted: every rule that an earlier rendering knew, created or deleted, and this one does
 * not create. Grafana keeps a provisioned rule whose file is gone, so each stays listed for those who
 * upgrade later. Sorted, without doubles.
 */
export function deletedUids(previous: readonly string[], current: readonly string[]): string[] {
  const kept = new Set(current)
  return [...new Set(previous)].filter((uid) => !kept.has(uid)).sort()
}

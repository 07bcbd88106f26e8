import { z } from 'zod'

/** What can happen to an incident: the first FAILED of a source opens it, its next SUCCESS resolves it. */
export const INCIDENT_EVENTS = ['opened', 'resolved'] as const

/** Longest description that an event quotes, in characters: it must fit Loki's line (256 KB) twice. */
export const MAX_QUOTED_CHARACTERS = 1_000

const time = z.iso.datetime()
const seconds = z.number().min(0)

/**
 * One event of an incident, as it stands on the topic and in Loki. The entry's time in Loki is `at`:
 * the end of the run that opened or resolved the incident.
 */
export const incidentEventSchema = z.strictObject({
  event: z.enum(INCIDENT_EVENTS).describe('`opened` or `resolved`'),
  at: time.describe('when it happened: the end of the run that opened or resolved the incident'),
  incident: z.string().min(1).describe('id of the incident: the same for the same source and first failure'),
  source: z.string().describe('the source that is down'),
  entreprise: z.string().describe('the company of the first failed run'),
  zone: z.string().describe('the zone of the first failed run'),
  opened_at: time.describe('end of the first failed run'),
  detect_s: seconds.describe('seconds from the end of the first failed run until Kafka got its log'),
  up_s: seconds
    .optional()
    .describe('seconds since the incident before this one was resolved, if there was one'),
  failed_runs: z.int().min(1).describe('failed runs so far'),
  first_description: z
    .string()
    .optional()
    .describe('what the first failed run said, 1,000 characters at most'),
  last_description: z.string().optional().describe('what the last failed run said, 1,000 characters at most'),
  resolved_at: time.optional().describe('end of the run that succeeded again (`resolved` only)'),
  downtime_s: seconds.optional().describe('seconds from `opened_at` to `resolved_at` (`resolved` only)'),
})
export type IncidentEvent = z.infer<typeof incidentEventSchema>

/** What both events of an incident say: what is known of it while it lasts. */
export const ongoingIncidentSchema = incidentEventSchema.omit({
  event: true,
  at: true,
  resolved_at: true,
  downtime_s: true,
})
export type OngoingIncident = z.infer<typeof ongoingIncidentSchema>

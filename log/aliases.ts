import { z } from 'zod'

/** Fields of the contract that another spelling may stand for. */
export const FIELDS = [
  'debut',
  'fin',
  'duree',
  'etat',
  'source',
  'entreprise',
  'zone',
  'cpu',
  'memoire',
  'description',
] as const
export type Field = (typeof FIELDS)[number]

/** Units an alias may be in, and what one of them is worth in the unit of the contract. */
export const UNITS = {
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  ns: 1e-9,
  min: 60,
  h: 3600,
  MB: 1,
  B: 1e-6,
  kB: 1e-3,
  GB: 1e3,
  KiB: 1024 / 1e6,
  MiB: 1024 ** 2 / 1e6,
  GiB: 1024 ** 3 / 1e6,
} as const
/** Units of a time that is a number: seconds or milliseconds since 1970. */
export const EPOCH_UNITS = { epoch_s: 1e3, epoch_ms: 1 } as const
type Unit = keyof typeof UNITS | keyof typeof EPOCH_UNITS

const DURATION_UNITS: readonly Unit[] = ['s', 'ms', 'us', 'ns', 'min', 'h']
const MEMORY_UNITS: readonly Unit[] = ['MB', 'B', 'kB', 'GB', 'KiB', 'MiB', 'GiB']
const TIME_UNITS: readonly Unit[] = ['epoch_s', 'epoch_ms']

/** Which units make sense for a field; none for text. */
export const unitsOf = (field: Field): readonly Unit[] =>
  field === 'duree' || field === 'cpu'
    ? DURATION_UNITS
    : field === 'memoire'
      ? MEMORY_UNITS
      : field === 'debut' || field === 'fin'
        ? TIME_UNITS
        : []

/** Another name for a field, and the unit its values are in when it is not the contract's. */
export type Alias = { name: string; unit?: Unit | undefined }
export type Aliases = {
  fields: Record<Field, readonly Alias[]>
  states: Record<string, 'SUCCESS' | 'FAILED'>
}

const named = (...names: string[]): Alias[] => names.map((name) => ({ name }))

/** Spellings that are understood without configuration. Names match whatever their case. */
export const DEFAULT_ALIASES: Aliases = {
  fields: {
    debut: [...named('start', 'start_time', 'started_at', 'begin'), { name: 'start_ms', unit: 'epoch_ms' }],
    fin: [
      ...named('end', 'end_time', 'ended_at', 'finished_at', 'timestamp', '@timestamp'),
      { name: 'end_ms', unit: 'epoch_ms' },
    ],
    duree: [
      ...named('duration', 'duration_s', 'duration_seconds', 'elapsed_s'),
      { name: 'duration_ms', unit: 'ms' },
      { name: 'elapsed_ms', unit: 'ms' },
    ],
    etat: named('state', 'status', 'result'),
    source: named('source_name', 'job_name'),
    entreprise: named('company', 'enterprise'),
    zone: named('region', 'area'),
    cpu: [...named('cpu_s', 'cpu_seconds', 'cpu_time_s'), { name: 'cpu_ms', unit: 'ms' }],
    memoire: [
      ...named('memory', 'memory_mb', 'mem_mb'),
      { name: 'memory_mib', unit: 'MiB' },
      { name: 'memory_kb', unit: 'kB' },
      { name: 'memory_bytes', unit: 'B' },
    ],
    description: named('message', 'msg', 'error_message'),
  },
  states: {
    success: 'SUCCESS',
    succeeded: 'SUCCESS',
    ok: 'SUCCESS',
    completed: 'SUCCESS',
    succes: 'SUCCESS',
    succès: 'SUCCESS',
    failed: 'FAILED',
    failure: 'FAILED',
    error: 'FAILED',
    ko: 'FAILED',
    echec: 'FAILED',
    échec: 'FAILED',
  },
}

const alias = z.union([
  z.string().min(1),
  z.strictObject({
    name: z.string().min(1),
    unit: z.enum([...DURATION_UNITS, ...MEMORY_UNITS, ...TIME_UNITS] as [Unit, ...Unit[]]),
  }),
])

/** The `aliases` section of `vigie.yaml`: field of the contract → other names for it. */
export const aliasesSchema = z
  .partialRecord(z.enum(FIELDS), z.array(alias))
  .superRefine((aliases, context) => {
    for (const field of FIELDS) {
      const allowed = unitsOf(field)
      aliases[field]?.forEach((each, index) => {
        if (typeof each === 'string' || allowed.includes(each.unit)) return
        const message = allowed.length === 0 ? 'this field has no unit' : `one of ${allowed.join(', ')}`
        context.addIssue({ code: 'custom', path: [field, index, 'unit'], message })
      })
    }
  })

/** The `states` section of `vigie.yaml`: another word for an outcome → the outcome. */
export const statesSchema = z.record(z.string().min(1), z.enum(['SUCCESS', 'FAILED']))

/** The default aliases with the user's in front of them, so that the user's win. */
export function withAliases(
  fields: z.infer<typeof aliasesSchema> = {},
  states: z.infer<typeof statesSchema> = {},
): Aliases {
  const merged = { ...DEFAULT_ALIASES.fields }
  for (const field of FIELDS) {
    const own = (fields[field] ?? []).map((alias) => (typeof alias === 'string' ? { name: alias } : alias))
    merged[field] = [...own, ...merged[field]]
  }
  const lower = Object.entries(states).map(([word, state]) => [word.toLowerCase(), state] as const)
  return { fields: merged, states: { ...DEFAULT_ALIASES.states, ...Object.fromEntries(lower) } }
}

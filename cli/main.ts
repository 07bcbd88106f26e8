import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { reasonOf, VigieError, whereOf } from '../service/errors.ts'
import { PROJECT_ROOT } from '../stack/config.ts'

/** Each verb's module is loaded when it is asked for: a shipper needs none of what a replay does. */
const VERBS: Readonly<Record<string, () => Promise<Command>>> = {
  replay: async () => (await import('./replay.ts')).replayCommand(),
  ship: async () => (await import('./ship.ts')).shipCommand(),
  track: async () => (await import('./track.ts')).trackCommand(),
  'dead-letters': async () => (await import('./dead-letters.ts')).deadLettersCommand(),
  up: async () => (await import('./stack.ts')).upCommand(),
  down: async () => (await import('./stack.ts')).downCommand(),
  status: async () => (await import('./stack.ts')).statusCommand(),
  logs: async () => (await import('./stack.ts')).logsCommand(),
  loki: async () => (await import('./loki.ts')).lokiCommand(),
  rules: async () => (await import('./rules.ts')).rulesCommand(),
  sample: async () => (await import('./sample.ts')).sampleCommand(),
  doctor: async () => (await import('./doctor.ts')).doctorCommand(),
  config: async () => (await import('./config.ts')).configCommand(),
  bench: async () => (await import('./bench.ts')).benchCommand(),
}

/** The command with the one verb that was asked for; with all of them when it is none, for the help. */
async function program(verb: string | undefined): Promise<Command> {
  const { version } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
    version: string
  }
  const vigie = new Command('vigie')
    .description('Watches data-ingestion jobs through their logs: S3 → Kafka → Loki.')
    .version(version)
    .showHelpAfterError('(vigie --help shows what there is)')
    .addHelpText(
      'after',
      '\nExample:\n  $ vigie replay            the sample logs, through local engines\n  $ vigie status            what runs, and where',
    )
  const asked = verb === undefined ? undefined : VERBS[verb]
  const verbs = asked === undefined ? Object.values(VERBS) : [asked]
  for (const load of verbs) vigie.addCommand(await load())
  return vigie
}

/** Prints an error for people: its sentence, never a stack. A defect of ours is called one. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof VigieError) {
    process.stderr.write(`vigie: ${error.message}\n`)
    return error.exitCode
  }
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') return 0
  process.stderr.write(`vigie: unexpected error, please report it: ${reasonOf(error)}${whereOf(error)}\n`)
  return 1
}

/** Runs one command and ends the process with its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // A defect that nobody waits for ends the process, too, with the same report.
  process.on('uncaughtException', (error) => process.exit(report(error)))
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  const vigie = await program(argv[2])
  for (const command of [vigie, ...vigie.commands, ...vigie.commands.flatMap((each) => each.commands)])
    command.exitOverride()
  let code: number
  try {
    await vigie.parseAsync(argv)
    code = Number(process.exitCode ?? 0)
  } catch (error) {
    code = report(error)
  }
  process.stdout.write('', () => process.exit(code))
}

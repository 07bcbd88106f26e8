import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { reasonOf, VigieError } from '../service/errors.ts'
import { PROJECT_ROOT } from '../stack/config.ts'
import { benchCommand } from './bench.ts'
import { configCommand } from './config.ts'
import { deadLettersCommand } from './dead-letters.ts'
import { doctorCommand } from './doctor.ts'
import { replayCommand } from './replay.ts'
import { rulesCommand } from './rules.ts'
import { sampleCommand } from './sample.ts'
import { shipCommand } from './ship.ts'
import { downCommand, logsCommand, statusCommand, upCommand } from './stack.ts'
import { trackCommand } from './track.ts'

function program(): Command {
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
  const commands = [
    replayCommand,
    shipCommand,
    trackCommand,
    deadLettersCommand,
    upCommand,
    downCommand,
    statusCommand,
    logsCommand,
    rulesCommand,
    sampleCommand,
    doctorCommand,
    configCommand,
    benchCommand,
  ]
  for (const command of commands) vigie.addCommand(command())
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
  process.stderr.write(`vigie: unexpected error, please report it: ${reasonOf(error)}\n`)
  return 1
}

/** Runs one command and ends the process with its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  const vigie = program()
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

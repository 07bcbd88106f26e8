import { Command } from 'commander'
import { vigieError } from '../service/errors.ts'
import { stopSignal } from '../service/shutdown.ts'
import { type Order, purge, retry, type Settlement } from '../shipper/letters/settle.ts'
import { summarise } from '../shipper/letters/summary.ts'
import { purgeText, retryText, summaryText } from './dead-letters-report.ts'
import { wholeNumber } from './options.ts'
import { createProgressBar } from './progress-bar.ts'
import { readSettings } from './settings.ts'

export const deadLettersCommand = (): Command =>
  new Command('dead-letters')
    .description('The logs that Loki refused: list them, send them again, or forget them.')
    .addHelpText('after', '\nExample:\n  $ vigie dead-letters list\n\nWhat they are: docs/dead-letters.md')
    .addCommand(listCommand())
    .addCommand(retryCommand())
    .addCommand(purgeCommand())

/** How many letters `list` shows unless it is told: a screen or two. */
const SHOWN_LETTERS = 20

const listCommand = (): Command =>
  new Command('list')
    .description('Show the dead letters that wait: how many by reason, and the newest of them.')
    .option('--reason <reason>', 'only those with this reason')
    .option('--limit <count>', 'how many to show; all are counted', wholeNumber, SHOWN_LETTERS)
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  $ vigie dead-letters list --reason bad_request --limit 100')
    .action(async ({ reason, limit, json }: { reason?: string; limit: number; json?: boolean }) => {
      const { kafka } = readSettings(process.env)
      const summary = await summarise(kafka, limit, reason)
      const object = { ...summary, byReason: Object.fromEntries(summary.byReason) }
      process.stdout.write(`${json ? JSON.stringify(object) : summaryText(summary, reason)}\n`)
    })

/** Done, but some input was rejected: here, letters that cannot be sent. */
const SOME_STAY = 3

const retryCommand = (): Command =>
  new Command('retry')
    .description(
      'Send the dead letters that wait to the topics that they came from, each once. Mend first what Loki refused them for.',
    )
    .option('--reason <reason>', 'only those with this reason; the others stay')
    .option('--dry-run', 'say what would be sent, and send nothing')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  $ vigie dead-letters retry --dry-run\n\nExit code 3: some stay, since their topic does not exist, or only their beginning is here.',
    )
    .action(
      async ({ reason, dryRun = false, json }: { reason?: string; dryRun?: boolean; json?: boolean }) => {
        const settlement = await settled(retry, 'sending', { reason, dryRun })
        if (settlement.staying.size > 0 || settlement.cut > 0) process.exitCode = SOME_STAY
        process.stdout.write(
          `${json ? asJson(settlement, dryRun) : retryText(settlement, { reason, dryRun })}\n`,
        )
      },
    )

const purgeCommand = (): Command =>
  new Command('purge')
    .description('Forget the dead letters that wait; without --reason their records are deleted, too.')
    .option('--reason <reason>', 'only those with this reason; the others stay')
    .option('--yes', 'yes, for good')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  $ vigie dead-letters purge --reason too_large --yes')
    .action(async ({ reason, yes, json }: { reason?: string; yes?: boolean; json?: boolean }) => {
      if (!yes)
        throw vigieError('USAGE', {
          problem: 'purge forgets logs for good: see them with `vigie dead-letters list`, then add --yes.',
        })
      const settlement = await settled(purge, 'purging', { reason, dryRun: false })
      process.stdout.write(`${json ? asJson(settlement, false) : purgeText(settlement, reason)}\n`)
    })

/** Runs an order on the Kafka of the settings, and shows how it goes. */
async function settled(
  run: typeof retry,
  step: string,
  order: Pick<Order, 'reason' | 'dryRun'>,
): Promise<Settlement> {
  const { kafka } = readSettings(process.env)
  const bar = createProgressBar()
  try {
    return await run(kafka, {
      ...order,
      stop: stopSignal(),
      onSettled: (count) => bar.show(step, count, undefined),
    })
  } finally {
    bar.close()
  }
}

const asJson = ({ byTopic, staying, ...counts }: Settlement, dryRun: boolean): string =>
  JSON.stringify({
    ...counts,
    byTopic: Object.fromEntries(byTopic),
    staying: Object.fromEntries(staying),
    dryRun,
  })

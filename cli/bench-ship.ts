import { Command, InvalidArgumentError } from 'commander'
import { benchScale, benchShip, SCALE_PARTITIONS, type ShipBench } from '../bench/ship.ts'
import { measurementsTable, TARGETS } from '../bench/table.ts'
import { stopSignal } from '../service/shutdown.ts'
import { ensureEngines } from '../stack/build.ts'
import { createProgress } from '../stack/progress.ts'
import { readSettings, stackContext } from './settings.ts'

type Options = { count: number; partitions?: number; scale?: boolean; json?: boolean }

function atLeastOne(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number, 1 or above.')
  return value
}

export const benchShipCommand = (): Command =>
  new Command('ship')
    .description('Measure what shipping costs, from the outside, beside reading alone and pushing alone.')
    .option('-c, --count <logs>', 'how many logs', atLeastOne, 500_000)
    .option(
      '-p, --partitions <partitions>',
      `how many partitions (3; ${SCALE_PARTITIONS} with --scale)`,
      atLeastOne,
    )
    .option('--scale', 'measure one, two and three shippers of one topic instead')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  $ vigie up && vigie bench ship\n\nIt fills a topic of its own, which it deletes, and ships it into a null sink and into an empty Loki of its own.',
    )
    .action(async ({ count, partitions, scale, json }: Options) => {
      const settings = readSettings(process.env)
      const signal = stopSignal()
      const bench: ShipBench = {
        kafka: settings.kafka,
        producer: settings.producer,
        context: stackContext(settings, process.env),
        count,
        partitions: partitions ?? (scale ? SCALE_PARTITIONS : 3),
      }
      const report = await (scale ? benchScale(bench, signal) : withLokiBuilt(bench, signal))
      const text = json ? JSON.stringify({ ...report, targets: TARGETS }) : measurementsTable(report)
      process.stdout.write(`${text}\n`)
    })

async function withLokiBuilt(bench: ShipBench, signal: AbortSignal) {
  const progress = createProgress()
  await ensureEngines(['loki'], progress, signal).finally(() => progress.close())
  return benchShip(bench, signal)
}

import { Command, InvalidArgumentError, Option } from 'commander'
import { benchLatency } from '../bench/latency.ts'
import { benchScale, benchShip, SCALE_PARTITIONS, type ShipBench } from '../bench/ship.ts'
import { latencyText, measurementsTable, TARGETS } from '../bench/table.ts'
import { stopSignal } from '../service/shutdown.ts'
import { readSettings, stackContext } from './settings.ts'

type Options = {
  count: number
  partitions?: number
  scale?: boolean | undefined
  latency?: boolean | undefined
  json?: boolean
}

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
    .addOption(
      new Option(
        '--latency',
        'measure how long after Kafka LogQL shows a log, at 5,000 a second, instead',
      ).conflicts('scale'),
    )
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  $ vigie up && vigie bench ship\n\nIt fills a topic of its own, which it deletes, and ships it into a null sink and into an empty Loki of its own.',
    )
    .action(async ({ count, partitions, scale, latency, json }: Options) => {
      const settings = readSettings(process.env)
      const signal = stopSignal()
      const bench: ShipBench = {
        kafka: settings.kafka,
        producer: settings.producer,
        context: stackContext(settings, process.env),
        count,
        partitions: partitions ?? (scale ? SCALE_PARTITIONS : 3),
      }
      const [report, text] = await measured(bench, { scale, latency }, signal)
      process.stdout.write(`${json ? JSON.stringify({ ...report, targets: TARGETS }) : text}\n`)
    })

/** What was measured, and how it is told. */
async function measured(bench: ShipBench, which: Pick<Options, 'scale' | 'latency'>, signal: AbortSignal) {
  if (which.scale) return told(await benchScale(bench, signal), measurementsTable)
  if (which.latency) return told(await benchLatency(bench, signal), latencyText)
  return told(await benchShip(bench, signal), measurementsTable)
}

const told = <Report>(report: Report, textOf: (report: Report) => string) => [report, textOf(report)] as const

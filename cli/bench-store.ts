import { Command } from 'commander'
import { benchStore, type StoreMeasurement } from '../bench/store.ts'
import { STORE_TARGETS, storeTable } from '../bench/store-table.ts'
import { stopSignal } from '../service/shutdown.ts'
import { createProgress } from '../stack/progress.ts'
import { type StackContext } from '../stack/service.ts'
import { localLoki } from '../stack/which-loki.ts'
import { evenNumber } from './options.ts'
import { readSettings, stackContext } from './settings.ts'

export const benchStoreCommand = (): Command =>
  new Command('store')
    .description('Measure the embedded store, beside a `loki` program on the same work where there is one.')
    .option('-c, --count <lines>', 'how many lines', evenNumber, 1_000_000)
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  $ vigie bench store\n  $ VIGIE_LOKI_PROGRAM=/usr/bin/loki vigie bench store --count 500000\n\nIt starts each over an empty folder of its own, which it deletes. No Kafka is needed.',
    )
    .action(async ({ count, json }: { count: number; json?: boolean }) => {
      const signal = stopSignal()
      const settings = readSettings(process.env)
      const base = stackContext(settings, process.env)
      const embedded: StackContext = { ...base, stack: { ...base.stack, VIGIE_LOKI: 'embedded' } }
      const contexts = localLoki(base.stack).kind === 'program' ? [embedded, base] : [embedded]
      const measurements: StoreMeasurement[] = []
      const progress = createProgress()
      try {
        for (const context of contexts) {
          const task = localLoki(context.stack).kind === 'program' ? 'loki program' : 'embedded store'
          progress.start(task, `${count} lines`)
          measurements.push(await benchStore(context, count, signal))
          progress.done(task)
        }
      } finally {
        progress.close()
      }
      if (json)
        return void process.stdout.write(`${JSON.stringify({ measurements, targets: STORE_TARGETS })}\n`)
      process.stdout.write(`${storeTable(measurements)}\n`)
    })

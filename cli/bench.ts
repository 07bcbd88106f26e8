import { Command } from 'commander'
import { benchProduce } from '../bench/produce.ts'
import { benchShipCommand } from './bench-ship.ts'
import { benchStoreCommand } from './bench-store.ts'
import { wholeNumber } from './options.ts'
import { grouped } from './progress-bar.ts'
import { readSettings } from './settings.ts'

const produceCommand = (): Command =>
  new Command('produce')
    .description('Measure how fast logs are validated, normalised and written to Kafka.')
    .option('-c, --count <logs>', 'how many logs', wholeNumber, 500_000)
    .option('-r, --runs <runs>', 'how many times', wholeNumber, 3)
    .option('--json', 'print one JSON object per run')
    .addHelpText('after', '\nExample:\n  $ vigie up && vigie bench produce')
    .action(async ({ count, runs, json }: { count: number; runs: number; json?: boolean }) => {
      const { kafka, producer } = readSettings(process.env)
      for (let run = 1; run <= runs; run++) {
        const result = await benchProduce(kafka, producer, count)
        if (json) process.stdout.write(`${JSON.stringify(result)}\n`)
        else
          process.stdout.write(
            `run ${run}: ${grouped(Math.round(result.messagesPerSecond))} msg/s, ${result.cpuMicrosecondsPerMessage.toFixed(2)} µs CPU/msg, ${result.seconds.toFixed(2)} s for ${grouped(result.messages)} logs of ${Math.round(result.bytes / result.messages)} bytes, peak ${Math.round(result.peakMemoryMegabytes)} MB\n`,
          )
      }
    })

export const benchCommand = (): Command =>
  new Command('bench')
    .description('Measure Vigie on this machine. Compare runs side by side: absolute times drift.')
    .addCommand(produceCommand())
    .addCommand(benchShipCommand())
    .addCommand(benchStoreCommand())

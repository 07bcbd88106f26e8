import { once } from 'node:events'
import { Command } from 'commander'
import { serialise } from '../log/normalise.ts'
import { DEFAULT_SEED, SAMPLE_NEWEST_MS, sampleLogs } from '../producer/sample.ts'
import { wholeNumber } from './options.ts'

const WRITE_BYTES = 65_536

export const sampleCommand = (): Command =>
  new Command('sample')
    .description('Print generated ingestion logs, one JSON object a line; the same seed gives the same logs.')
    .option('-c, --count <logs>', 'how many', wholeNumber, 72)
    .option('-s, --seed <number>', 'which ones', wholeNumber, DEFAULT_SEED)
    .addHelpText(
      'after',
      '\nExample:\n  $ vigie sample --count 1000000 --seed 7 > million.ndjson\n  $ vigie replay million.ndjson',
    )
    .action(async ({ count, seed }: { count: number; seed: number }) => {
      let text = ''
      for (const line of sampleLogs({ count, seed, newestMs: SAMPLE_NEWEST_MS })) {
        text += `${serialise(line)}\n`
        if (text.length < WRITE_BYTES) continue
        if (!process.stdout.write(text)) await once(process.stdout, 'drain')
        text = ''
      }
      process.stdout.write(text)
    })

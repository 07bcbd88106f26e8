import { once } from 'node:events'
import { Command } from 'commander'
import { serialise } from '../log/normalise.ts'
import { DEFAULT_SEED, SAMPLE_NEWEST_MS, sampleLogs } from '../producer/sample.ts'
import { putSample } from '../stack/s3.ts'
import { wholeNumber } from './options.ts'
import { readSettings } from './settings.ts'

const WRITE_BYTES = 65_536

export const sampleCommand = (): Command =>
  new Command('sample')
    .description('Print generated ingestion logs, one JSON object a line; the same seed gives the same logs.')
    .option('-c, --count <logs>', 'how many', wholeNumber, 72)
    .option('-s, --seed <number>', 'which ones', wholeNumber, DEFAULT_SEED)
    .option('--put', 'put the sample of 72 at LOGS_URI in S3 instead, unless something is there already')
    .addHelpText(
      'after',
      '\nExample:\n  $ vigie sample --count 1000000 --seed 7 > million.ndjson\n  $ vigie replay million.ndjson',
    )
    .action(async ({ count, seed, put }: { count: number; seed: number; put?: boolean }) => {
      if (put) {
        const uri = readSettings(process.env).producer.LOGS_URI
        const done = await putSample(uri, process.env)
        process.stderr.write(`${uri}: ${done === 'created' ? 'the sample is there now' : 'left as it was'}\n`)
        return
      }
      let text = ''
      for (const line of sampleLogs({ count, seed, newestMs: SAMPLE_NEWEST_MS })) {
        text += `${serialise(line)}\n`
        if (text.length < WRITE_BYTES) continue
        if (!process.stdout.write(text)) await once(process.stdout, 'drain')
        text = ''
      }
      process.stdout.write(text)
    })

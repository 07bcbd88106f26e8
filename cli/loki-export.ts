import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { entriesOf, exportedLine } from '../embedded/store/export.ts'
import { openStore } from '../embedded/store/open.ts'
import { vigieError } from '../service/errors.ts'
import { stopSignal } from '../service/shutdown.ts'
import { defaultFolder, storeIn } from './loki-folder.ts'

/** Lines are handed on together: a write for each costs more than all the rest. */
const CHUNK_CHARACTERS = 64 * 1024

export const lokiExportCommand = (): Command =>
  new Command('export')
    .description('Write all that the embedded store holds as NDJSON, oldest first in each stream.')
    .option('-d, --data <folder>', "where the logs are kept (.vigie's own when left out)")
    .addHelpText(
      'after',
      '\nExample:\n  $ vigie down && vigie loki export > logs.ndjson\n\nOne object a line: tenant, stream, time (ns since 1970), line, metadata. The store must not run.',
    )
    .action(async ({ data }: { data?: string }) => {
      const given = resolve(data ?? defaultFolder())
      const folder = storeIn(given)
      if (!existsSync(folder))
        throw vigieError('USAGE', { problem: `${given} holds no store. Name the folder of one with --data.` })
      const stop = stopSignal()
      const store = openStore(folder, { onNotice: (message) => process.stderr.write(`${message}\n`) })
      let count = 0
      try {
        let chunk = ''
        for (const entry of entriesOf(store)) {
          chunk += `${exportedLine(entry)}\n`
          count++
          if (chunk.length < CHUNK_CHARACTERS) continue
          await written(chunk)
          chunk = ''
          if (stop.aborted)
            throw vigieError('INTERRUPTED', {
              state: `${count} entries were written; the store has them all.`,
            })
        }
        await written(chunk)
      } finally {
        store.close()
      }
      process.stderr.write(`${count} entries\n`)
    })

async function written(chunk: string): Promise<void> {
  if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
}

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { PROJECT_ROOT } from '../../stack/config.ts'

/** Imports a module and prints what kafkajs's own modules were given where it asked for one that is replaced. */
const SCRIPT = `
  import Module from 'node:module'
  const load = Module._load
  const given = {}
  Module._load = function (request, parent, ...rest) {
    const loaded = load.call(this, request, parent, ...rest)
    const user = parent?.filename?.split('kafkajs/src/')[1]
    if (user === 'consumer/consumerGroup.js' && request === './batch') given.batch = loaded.name
    if (user === 'consumer/batch.js' && request === './filterAbortedMessages') given.filter = loaded.name
    if (user === 'producer/sendMessages.js' && request === './groupMessagesPerPartition') given.grouping = loaded.name
    return loaded
  }
  await import(process.argv[1])
  process.stdout.write(JSON.stringify(given), () => process.exit(0))
`

test.each(['shipper/main', 'incidents/main', 'producer/main', 'cli/dead-letters'])(
  '%s runs kafkajs with its replaced parts, whichever of our modules is imported first',
  async (module) => {
    const args = ['--input-type=module', '--eval', SCRIPT, join(PROJECT_ROOT, 'dist', `${module}.js`)]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    expect(JSON.parse(stdout)).toEqual({
      batch: 'FasterBatch',
      filter: 'withoutAborted',
      grouping: 'groupByPartition',
    })
  },
)

import { writeSync } from 'node:fs'
import { openStore } from '../../../embedded/store/open.ts'
import { entry, stream } from './entries.ts'

/** A process that appends until it is killed, and writes the number of each push that it was told is stored. */
const [folder = '', first = '0'] = process.argv.slice(2)
const store = openStore(folder, { logBytes: 100_000 })

/** A push of three streams, of several sizes. */
function push(number: number): void {
  const entries = Array.from({ length: 1 + (number % 7) }, (_, index) =>
    entry(BigInt(number * 1000 + index), `${number}.${index} ${'x'.repeat((number * 37) % 500)}`),
  )
  store.append(
    'a',
    ['j', 'k', 'l'].map((job) => stream(job, entries)),
  )
  writeSync(1, `${number}\n`)
  setImmediate(push, number + 1)
}
push(Number(first))

import { rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { entriesOf } from '../../../embedded/store/export.ts'
import { openStore } from '../../../embedded/store/open.ts'
import { VigieError } from '../../../service/errors.ts'
import { entry, stream } from './entries.ts'

/**
 * A process that appends to a disk with a limit until that takes no more, and again when some space was given
 * back, then reads all. Prints as JSON what was acknowledged, what is read, and how it was refused.
 */
const [folder = '', ballast = '', logBytes = ''] = process.argv.slice(2)
if (ballast !== '') writeFileSync(ballast, Buffer.alloc(200_000))
const acknowledged: string[] = []
const refusals: { code: string; size: number }[] = []
const notices: string[] = []
const clock = { ms: 1e12 }
const options = {
  logBytes: Number(logBytes),
  syncSeconds: 0,
  onNotice: (text: string) => notices.push(text),
  nowMs: () => clock.ms,
}
let store = openStore(folder, options)

/** Appends pushes of two streams, one of them new, until one is refused. */
function fill(name: string): void {
  for (let number = 0; ; number++) {
    const lines = [0, 1, 2].map((index) => `${name} ${number}.${index} ${noise(number)}`)
    const entries = lines.map((line, index) => entry(BigInt(number * 10 + index), line))
    try {
      store.append('a', [stream('j', entries), stream(`${name} ${number}`, entries)])
      acknowledged.push(...lines, ...lines)
    } catch (error) {
      if (!(error instanceof VigieError)) throw error
      refusals.push({ code: error.code, size: logSize() })
      return
    }
  }
}
/** Text that does not compress, of a length that makes the last write fail half way. */
const noise = (number: number): string =>
  Array.from({ length: 300 }, (_, index) =>
    ((index * 7919 + number * 104_729) ** 2 % 1_000_003).toString(36),
  ).join('')

const logSize = (): number => {
  try {
    return statSync(join(folder, 'log-00000001')).size
  } catch {
    return 0
  }
}
const read = () => Array.from(entriesOf(store), ({ line }) => line)

fill('first')
fill('again')
const readWhenFull = read().length
if (ballast !== '') {
  rmSync(ballast)
  // Sealing is tried again a second after it failed.
  clock.ms += 1000
  fill('freed')
}
const readBefore = read()
store.close()
if (ballast !== '') store = openStore(folder, options)
const readAfter = ballast === '' ? readBefore : read()
console.log(JSON.stringify({ acknowledged, refusals, notices, readWhenFull, readBefore, readAfter }))

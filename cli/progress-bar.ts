import { elapsed } from '../stack/progress.ts'

/** Shows how far one step has come. */
export type ProgressBar = {
  show: (step: string, done: number, total: number | undefined, note?: string) => void
  /** Ends the line that is being redrawn. */
  close: () => void
}

const REDRAW_MS = 100
/** Off a terminal, one plain line this often is enough to see that it goes on. */
const PLAIN_MS = 5_000
const BAR_WIDTH = 24

/** A bar that is redrawn on a terminal; plain lines elsewhere. */
export function createProgressBar(stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  const live = stream.isTTY === true && process.env.NO_COLOR === undefined
  let shownMs = 0
  let step = ''
  let stepStartMs = 0
  let open = false
  let wasLast = false

  const text = (done: number, total: number | undefined, note: string): string => {
    const count = total === undefined ? grouped(done) : `${grouped(done)} / ${grouped(total)}`
    return `${step.padEnd(9)} ${bar(done, total)}${count}  ${elapsed(Date.now() - stepStartMs)}${note === '' ? '' : `  ${note}`}`
  }
  const close = () => {
    if (open) stream.write('\n')
    open = false
  }
  return {
    show(name, done, total, note = '') {
      const now = Date.now()
      const isNew = name !== step
      if (isNew) {
        close()
        step = name
        stepStartMs = now
      }
      const isLast = total !== undefined && done >= total
      const isDue = now - shownMs >= (live ? REDRAW_MS : PLAIN_MS)
      const isRepeated = !isNew && isLast && wasLast
      wasLast = isLast
      // Off a terminal a step that has just begun is not worth a line yet.
      const isShown = !isRepeated && (isLast || (isNew ? live : isDue))
      if (isNew || isShown) shownMs = now
      if (!isShown) return
      if (live) stream.write(`\r\x1b[2K${text(done, total, note).slice(0, (stream.columns ?? 80) - 1)}`)
      else stream.write(`${text(done, total, note)}\n`)
      open = live
    },
    close,
  }
}

function bar(done: number, total: number | undefined): string {
  if (total === undefined || total === 0) return ''
  const filled = Math.min(BAR_WIDTH, Math.floor((done / total) * BAR_WIDTH))
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}  `
}

/** 1234567 as 1 234 567, with the narrow space that no reader takes for a decimal sign. */
export const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f')

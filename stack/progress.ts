/** A list of things under way, each with a state and the time it took. */
export type Progress = {
  start: (task: string, detail?: string) => void
  detail: (task: string, detail: string) => void
  done: (task: string, detail?: string) => void
  failed: (task: string) => void
  /** Stops drawing; what was drawn stays. */
  close: () => void
}

type Task = { state: 'running' | 'done' | 'failed'; startMs: number; endMs?: number; detail: string }

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const REDRAW_MS = 120
/** Off a terminal, a long task says so again this often, so that a CI log does not look dead. */
const REMINDER_MS = 30_000

export function elapsed(ms: number): string {
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`
  return `${Math.floor(ms / 60_000)} min ${String(Math.floor((ms % 60_000) / 1000)).padStart(2, '0')} s`
}

/** Draws to a stream: a live list on a terminal, one line per change elsewhere. */
export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  const tasks = new Map<string, Task>()
  const live = stream.isTTY === true && process.env.NO_COLOR === undefined
  let drawnLines = 0
  let frame = 0

  const line = (name: string, task: Task): string => {
    const mark =
      task.state === 'done' ? '✔' : task.state === 'failed' ? '✘' : (FRAMES[frame % FRAMES.length] ?? '')
    const time = elapsed((task.endMs ?? Date.now()) - task.startMs)
    const text = ` ${mark} ${name.padEnd(24)} ${time.padStart(11)}   ${task.detail}`
    return live ? text.slice(0, (stream.columns ?? 80) - 1) : text
  }
  const draw = () => {
    if (!live || tasks.size === 0) return
    frame++
    const lines = [...tasks].map(([name, task]) => `\x1b[2K${line(name, task)}\n`)
    stream.write((drawnLines > 0 ? `\x1b[${drawnLines}A` : '') + lines.join(''))
    drawnLines = lines.length
  }
  const tell = (name: string, task: Task) => {
    if (!live) stream.write(`${line(name, task).replace('⠋', '…')}\n`)
  }
  const remind = () => {
    if (live) return
    for (const [name, task] of tasks) if (task.state === 'running') tell(name, task)
  }
  const timer = setInterval(live ? draw : remind, live ? REDRAW_MS : REMINDER_MS)
  timer.unref()

  const end = (name: string, state: Task['state'], detail?: string) => {
    const task = tasks.get(name)
    if (task === undefined) return
    task.state = state
    task.endMs = Date.now()
    if (detail !== undefined) task.detail = detail
    tell(name, task)
    draw()
  }
  return {
    start(name, detail = '') {
      const task: Task = { state: 'running', startMs: Date.now(), detail }
      tasks.set(name, task)
      tell(name, task)
      draw()
    },
    detail(name, detail) {
      const task = tasks.get(name)
      if (task !== undefined) task.detail = detail
    },
    done: (name, detail) => end(name, 'done', detail),
    failed: (name) => end(name, 'failed'),
    close() {
      clearInterval(timer)
      draw()
    },
  }
}

/** Progress that nobody sees until `showOn` says where: then all that is under way is shown, from its beginning. */
export function heldProgress(): Progress & { showOn: (progress: Progress) => void } {
  const held: ((progress: Progress) => void)[] = []
  let shown: Progress | undefined
  const pass = (event: (progress: Progress) => void) => {
    if (shown === undefined) held.push(event)
    else event(shown)
  }
  return {
    start: (task, detail) => pass((progress) => progress.start(task, detail)),
    detail: (task, detail) => pass((progress) => progress.detail(task, detail)),
    done: (task, detail) => pass((progress) => progress.done(task, detail)),
    failed: (task) => pass((progress) => progress.failed(task)),
    close: () => undefined,
    showOn(progress) {
      shown = progress
      for (const event of held.splice(0)) event(progress)
    },
  }
}

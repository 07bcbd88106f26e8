import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { diskFullError } from './disk.ts'
import { forgetRunning } from './home.ts'
import { withLock } from './lock.ts'
import { terminate } from './process.ts'
import { type Progress } from './progress.ts'
import { findRunning } from './running.ts'
import { SERVICE_NAMES, type StackContext } from './service.ts'
import { SERVICES } from './services.ts'

const LOCK_PATIENCE_MS = 120_000

/**
 * Stops every service that this stack started, the dependent ones first, each as it likes to be
 * stopped. With `volumes` their data, logs and credentials are deleted too. Resolves with the names
 * of those that ran.
 */
export async function down(context: StackContext, volumes: boolean, progress: Progress): Promise<string[]> {
  const { home } = context
  const onWait = (pid: number) => progress.start('wait', `pid ${pid} is changing the stack`)
  return withLock(home.lockFile, LOCK_PATIENCE_MS, onWait, async () => {
    progress.done('wait')
    const stopped: string[] = []
    for (const name of [...SERVICE_NAMES].reverse()) {
      const running = findRunning(context, SERVICES[name])
      if (running !== undefined) {
        const { title, endsWithinMs } = SERVICES[name]
        progress.start(title, `stopping pid ${running.pid}`)
        const gracefully = await terminate(running, endsWithinMs)
        progress.done(title, gracefully ? 'stopped' : 'did not stop in time: killed')
        stopped.push(name)
      }
      forgetRunning(home, name)
    }
    if (volumes) {
      try {
        for (const part of ['data', 'logs', 's3.env'])
          rmSync(join(home.path, part), { recursive: true, force: true })
      } catch (error) {
        throw diskFullError(error, home.path)
      }
    }
    return stopped
  })
}

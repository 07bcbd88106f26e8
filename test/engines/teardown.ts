import { rmSync } from 'node:fs'
import { readSettings, stackContext } from '../../cli/settings.ts'
import { down } from '../../stack/down.ts'
import { createProgress } from '../../stack/progress.ts'

/** Stops the engines of the tests and deletes what they wrote. */
export default async function teardown(): Promise<void> {
  const context = stackContext(readSettings(process.env), process.env)
  const progress = createProgress()
  await down(context, true, progress).finally(() => progress.close())
  rmSync(context.home.path, { recursive: true, force: true })
}

import { ENGINES, isInstalled } from './engines.ts'
import { type ServiceName } from './service.ts'
import { SERVICES } from './services.ts'
import { find, missingLine } from './tools.ts'

/** Parts that cannot be had here for want of Go, and a line on how to get it. */
export type WithoutGo = { names: ReadonlySet<ServiceName>; howToGetGo: string }

/**
 * Which of these parts Go would have to build, where there is no Go: the local S3 server, and Alertmanager,
 * without which maildev has no mail to catch. What was built before needs no Go.
 */
export async function withoutGo(wanted: readonly ServiceName[]): Promise<WithoutGo> {
  const names = new Set<ServiceName>()
  for (const name of wanted) {
    const { engine } = SERVICES[name]
    if (engine !== undefined && ENGINES[engine].tool === 'go' && !(await isInstalled(ENGINES[engine])))
      names.add(name)
  }
  if (names.size === 0) return { names, howToGetGo: '' }
  const go = await find('go')
  if (go.ok) return { names: new Set(), howToGetGo: '' }
  if (names.has('alertmanager')) names.add('maildev')
  return { names, howToGetGo: missingLine(go).trim() }
}

import { reasonOf } from '../service/errors.ts'

/** Asks a service of our own: undefined once it is ready, else what it waits for. */
export async function waitsForReadiness(port: number): Promise<string | undefined> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) })
    if (answer.ok) return undefined
    const { waitingFor } = (await answer.json()) as { waitingFor?: string[] }
    return (waitingFor ?? [`HTTP ${answer.status}`]).join('; ')
  } catch (error) {
    return reasonOf((error as Error).cause ?? error)
  }
}

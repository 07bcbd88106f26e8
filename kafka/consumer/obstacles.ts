import { type Logger } from '../../service/log.ts'

/** What stands in the way of a service, by what it is about; its /readyz tells it. */
export type Obstacles = Map<string, string>

/** Under this, and the name of what Kafka is asked for, its troubles are obstacles. */
export const OF_KAFKA = 'kafka '

/** Takes note of what Kafka does not do, or, without a reason, that it does it again. Told once in the log. */
export function noteTrouble(
  obstacles: Obstacles,
  logger: Logger,
  of: string,
  reason: string | undefined,
): void {
  const key = `${OF_KAFKA}${of}`
  if (reason === undefined) {
    obstacles.delete(key)
    return
  }
  if (!obstacles.has(key))
    logger.warn('Kafka does not do what it is asked; it is asked again', { of, error: reason })
  obstacles.set(key, `Kafka: ${reason}`)
}

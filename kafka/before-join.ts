import './faster-kafkajs.ts'

import { createRequire } from 'node:module'

/**
 * kafkajs joins a group's next generation as soon as it hears of a rebalance, and has no way to ask it to
 * wait for work that is under way. So its ConsumerGroup.joinAndSync (2.2.4, pinned) waits here.
 */
type ConsumerGroup = {
  groupId: string
  memberId: string | null
  heartbeat: (options: { interval: number }) => Promise<void>
}
type Join = (this: ConsumerGroup) => Promise<void>

/** Ends the work of a generation. `isMember` is false when the group has given up this member already. */
export type EndGeneration = (isMember: boolean) => Promise<void>

const hooks = new Map<string, EndGeneration>()
/** Often enough for the shortest session timeout that Kafka allows, 6 s. */
const HEARTBEAT_MS = 1_000

const { prototype } = createRequire(import.meta.url)('kafkajs/src/consumer/consumerGroup') as {
  prototype: { joinAndSync: Join }
}
const join = prototype.joinAndSync

prototype.joinAndSync = async function joinAfterWork(this: ConsumerGroup) {
  const endGeneration = hooks.get(this.groupId)
  if (endGeneration !== undefined) {
    const isMember = this.memberId !== null && this.memberId !== ''
    // The answer is that the group rebalances; what counts is that the broker hears from us.
    const beat = () => void this.heartbeat({ interval: 0 }).catch(() => undefined)
    const timer = isMember ? setInterval(beat, HEARTBEAT_MS) : undefined
    try {
      await endGeneration(isMember)
    } finally {
      clearInterval(timer)
    }
  }
  return join.call(this)
}

/** Before a consumer of that group joins it, for the first time or again, `endGeneration` is waited for. */
export function beforeJoin(groupId: string, endGeneration: EndGeneration): void {
  hooks.set(groupId, endGeneration)
}

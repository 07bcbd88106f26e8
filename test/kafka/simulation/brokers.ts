import { type Calls, type Committed } from '../../../kafka/consumer/calls.ts'
import { keyOf } from '../../../kafka/consumer/partitions.ts'
import { errorOfCode } from '../../../kafka/kafkajs.ts'
import { type Process, type Random, type Time } from './clock.ts'
import { type Cluster } from './cluster.ts'
import { type Group } from './coordinator.ts'
import { CODE } from './group-state.ts'
import { type Network, type Reply } from './network.ts'

/** The brokers as a member sees them: one of them coordinates the group. */
export type Brokers = {
  callsOf: (process: Process) => Calls
  /** Takes a broker down; another one coordinates, and others lead, after a while. */
  down: (node: number) => void
  moveCoordinator: () => void
  /** Takes a member's rights away. */
  forbid: (process: Process) => void
  committed: () => ReadonlyMap<string, Committed>
}

export function createBrokers(parts: {
  time: Time
  random: Random
  network: Network
  cluster: Cluster
  group: Group
  onCommit: (who: string, offset: Committed, before: Committed | undefined) => void
}): Brokers {
  const { time, random, network, cluster, group, onCommit } = parts
  const offsets = new Map<string, Committed>()
  const forbidden = new Set<string>()
  let coordinator = random.pick(network.nodes)
  let isLoading = false

  const moveCoordinator = (): void => {
    coordinator = random.pick(network.nodes.filter(network.isUp))
    isLoading = true
    group.move()
    time.after(random.int(0, 500), () => {
      isLoading = false
    })
  }
  const anyNode = (): number => random.pick(network.nodes.filter(network.isUp))

  const callsOf = (process: Process): Calls => {
    const ofGroup =
      (purpose: string) =>
      <Answer>(node: number, handle: (reply: Reply<Answer>) => void, timeoutMs?: number): Promise<Answer> =>
        network.request<Answer>(
          process,
          node,
          purpose,
          (reply) => {
            if (forbidden.has(process.id)) reply.refuse(errorOfCode(CODE.forbidden))
            else if (node !== coordinator) reply.refuse(errorOfCode(CODE.notCoordinator))
            else if (isLoading) reply.refuse(errorOfCode(CODE.loading))
            else handle(reply)
          },
          timeoutMs,
        )
    const [atGroup, atJoin] = [ofGroup('group'), ofGroup('join')]
    const JOIN_TIMEOUT_MS = 65_000
    return {
      metadata: () => network.request(process, anyNode(), 'ask', ({ answer }) => answer(cluster.metadata())),
      coordinatorOf: () =>
        network.request(process, anyNode(), 'ask', ({ answer, refuse }) =>
          network.isUp(coordinator) ? answer(coordinator) : refuse(errorOfCode(CODE.notAvailable)),
        ),
      join: (node, joining) => atJoin(node, (reply) => group.join(joining, reply), JOIN_TIMEOUT_MS),
      sync: (node, who, assignments) =>
        atJoin(node, (reply) => group.sync(who, assignments, reply), JOIN_TIMEOUT_MS),
      heartbeat: (node, who, timeoutMs) => atGroup(node, (reply) => group.heartbeat(who, reply), timeoutMs),
      leave: (node, who) => atGroup(node, (reply) => group.leave(who, reply)),
      committed: (node, _, partitions) =>
        atGroup(node, ({ answer }) => answer(partitions.flatMap((each) => offsets.get(keyOf(each)) ?? []))),
      commit: (node, who, committed) =>
        atGroup(node, ({ answer, refuse }) => {
          const problem = group.commitProblem(who)
          if (problem !== undefined) return refuse(errorOfCode(problem))
          for (const each of committed) {
            onCommit(`${process.id} (generation ${who.generation})`, each, offsets.get(keyOf(each)))
            offsets.set(keyOf(each), each)
          }
          answer()
        }),
      listOffset: (node, of, which) =>
        network.request(process, node, 'ask', (reply) => cluster.listOffset(node, of, which, reply)),
      fetch: (node, request) =>
        network.request(process, node, 'fetch', (reply) => cluster.fetch(node, request, reply)),
    }
  }

  return {
    callsOf,
    moveCoordinator,
    forbid: ({ id }) => void forbidden.add(id),
    committed: () => offsets,
    down(node) {
      if (network.nodes.filter(network.isUp).length < 2) return
      network.setUp(node, false)
      time.after(random.int(100, 1_500), cluster.elect)
      if (node === coordinator)
        time.after(random.int(100, 1_500), () => {
          if (!network.isUp(coordinator)) moveCoordinator()
        })
    },
  }
}

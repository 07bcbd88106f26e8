import { type TopicPartition } from '../../../kafka/consumer/partitions.ts'
import { type Brokers } from './brokers.ts'
import { type Random, type Time } from './clock.ts'
import { type Cluster } from './cluster.ts'
import { type SimulatedMember } from './member.ts'
import { type Network } from './network.ts'
import { STORE_MS } from './sink.ts'

export type FaultParts = {
  time: Time
  random: Random
  network: Network
  cluster: Cluster
  brokers: Brokers
  note: (what: string) => void
  living: () => readonly SimulatedMember[]
  join: () => void
  /** Begins a process, under the name of one that there was. */
  begin: (instanceId?: string) => void
  sessionMs: number
  faultsMs: number
}
const [MOST_PARTITIONS, MOST_MEMBERS] = [8, 6]

/** Returns what lets something go wrong, by chance. */
export function faultsOf(parts: FaultParts): () => void {
  const { time, random, network, cluster, brokers, note, living, join, begin, sessionMs, faultsMs } = parts
  return () => {
    const member = random.pick(living())
    const partition: TopicPartition = random.pick(cluster.partitions())
    const node = random.pick(network.nodes)
    const faults: (() => void)[] = [
      () => cluster.moveLeader(partition),
      () => {
        if (!network.isUp(node)) return
        note(`broker ${node} goes down`)
        brokers.down(node)
        time.after(random.int(100, 20_000), () => network.setUp(node, true))
      },
      () => {
        note('the coordinator moves')
        brokers.moveCoordinator()
      },
      () => {
        if (cluster.partitions().length < MOST_PARTITIONS) cluster.addPartition()
      },
      () => {
        if (member === undefined) return
        note(`${member.process.id} is killed`)
        const { instanceId } = member
        member.process.kill()
        // What it was storing is stored, or not, before it is back under its name.
        if (instanceId !== undefined && random.chance(0.8))
          time.after(STORE_MS + random.int(0, 10_000), () => begin(instanceId))
      },
      () => {
        if (member === undefined) return
        const ms = random.chance(0.5) ? random.int(10, 2_000) : random.int(sessionMs - 1_000, 3 * sessionMs)
        const suspend = (): void => {
          note(`${member.process.id} is suspended for ${ms} ms`)
          member.process.suspend()
          time.after(ms, () => {
            note(`${member.process.id} goes on`)
            member.process.resume()
          })
        }
        if (random.chance(0.5)) suspend()
        else network.onNext(member.process, random.pick(['group', 'join', 'fetch']), suspend)
      },
      () => {
        if (living().length < MOST_MEMBERS) join()
      },
      () => {
        if (member === undefined) return
        note(`${member.process.id} is told to stop`)
        member.process.arrive(member.stop)
      },
      () => {
        if (member === undefined) return
        const purpose = random.pick(['group', 'join', 'fetch', 'ask'])
        note(`${member.process.id} is cut off for ${purpose}`)
        network.cut(member.process, purpose, random.int(1_000, faultsMs))
      },
      () => {
        if (member === undefined || !random.chance(0.3)) return
        note(`${member.process.id} has no rights any more`)
        brokers.forbid(member.process)
      },
    ]
    random.pick(faults)()
  }
}

import { keyOf } from '../../../kafka/consumer/partitions.ts'
import { createBrokers } from './brokers.ts'
import { createProcess, createTime, randomOf } from './clock.ts'
import { createCluster } from './cluster.ts'
import { Group } from './coordinator.ts'
import { faultsOf } from './faults.ts'
import { runMember, type SimulatedMember } from './member.ts'
import { createNetwork } from './network.ts'
import { createSink, STORE_MS } from './sink.ts'

export type Outcome = {
  violations: readonly string[]
  story: readonly string[]
  stored: number
  generations: number
}

const [TOPIC, GROUP] = ['t', 'g']
const SESSION_MS = 6_000
/** A few runs are long enough for what waits for the rebalance timeout. */
const FAULTS_MS = { usual: 30_000, long: 150_000 }
/** Within that time after the last fault all is to be well. */
const SETTLE_MS = 180_000
const STORY_LINES = 100_000

/** Runs members of a group among the faults that the seed has in store, and tells which rules they broke. */
export async function runWorld(seed: number): Promise<Outcome> {
  const random = randomOf(seed)
  const time = createTime(random)
  const violations: string[] = []
  const story: string[] = []
  const note = (what: string): void => {
    if (story.length < STORY_LINES) story.push(`${time.now().toFixed(1)} ${what}`)
  }
  const violated = (rule: string): void => {
    note(`VIOLATED: ${rule}`)
    if (violations.length < 10) violations.push(`${time.now().toFixed(1)} ${rule}`)
  }
  const faultsMs = random.chance(0.05) ? FAULTS_MS.long : FAULTS_MS.usual
  const network = createNetwork(time, random, random.int(1, 4))
  const cluster = createCluster(time, random, network, TOPIC)
  for (let left = random.int(1, 6); left > 0; left--) cluster.addPartition()
  const isCooperative = random.chance(0.75)
  const group = new Group(time, random, isCooperative, random.chance(0.5) ? 0 : 1_000)
  let lossShare = 0
  const sink = createSink(time, random, violated, () => lossShare)
  const brokers = createBrokers({
    ...{ time, random, network, cluster, group },
    onCommit(who, { offset, metadata, ...of }, before) {
      const key = keyOf(of)
      note(`${who} commits ${key} ${offset} ${metadata}`)
      if (offset < (before?.offset ?? 0))
        violated(`${who} sets ${key} back from ${before?.offset} to ${offset}`)
      const hole = cluster.offsets(of).find((each) => each < offset && !sink.has(of, each))
      if (hole !== undefined) violated(`${who} commits ${key} ${offset}, but ${hole} is not stored`)
    },
  })

  const members: SimulatedMember[] = []
  let [ids, names] = [0, 0]
  let isEnding = false
  const begin = (instanceId?: string): void => {
    if (isEnding) return
    const process = createProcess(time, `member ${++names}`)
    note(`${process.id} begins${instanceId === undefined ? '' : ` as ${instanceId}`}`)
    members.push(
      runMember({
        ...{
          process,
          calls: brokers.callsOf(process),
          sink,
          topic: TOPIC,
          groupId: GROUP,
          instanceId,
          violated,
        },
        // Whatever watches over processes begins it anew.
        onFatal(fault) {
          note(`${process.id} fails by ${fault}`)
          time.after(STORE_MS + random.int(0, 2_000), () => begin(instanceId))
        },
        ...{
          sessionTimeoutMs: SESSION_MS,
          nextId: () => ++ids,
          note: (what) => note(`${process.id} ${what}`),
        },
      }),
    )
  }
  const living = () => members.filter(({ process, isOver }) => process.isAlive() && !isOver())
  const staticShare = random.chance(0.25) ? 0.5 : 0
  const join = (): void => begin(random.chance(staticShare) ? `static${names}` : undefined)
  for (let left = random.int(1, 4); left > 0; left--) join()

  const fault = faultsOf({
    ...{
      time,
      random,
      network,
      cluster,
      brokers,
      note,
      living,
      join,
      begin,
      faultsMs,
      sessionMs: SESSION_MS,
    },
  })
  const every = (fewestMs: number, mostMs: number, act: () => void): void =>
    void time.after(random.int(fewestMs, mostMs), () => {
      if (time.now() > faultsMs) return
      act()
      every(fewestMs, mostMs, act)
    })
  const paceMs = random.pick([500, 2_000, 5_000])
  every(0, 2 * paceMs, fault)
  every(0, 4_000, () => cluster.moveLeader(random.pick(cluster.partitions())))
  every(0, 500, () =>
    cluster.produce(random.pick(cluster.partitions()), random.chance(0.1) ? 0 : random.int(1, 20)),
  )
  if (faultsMs === FAULTS_MS.long)
    // A rebalance that a member hears of, but cannot join within the group's patience.
    time.after(random.int(0, 40_000), () => {
      const member = living()[0]
      if (member !== undefined) network.cut(member.process, 'join', 75_000)
    })
  lossShare = random.pick([0, 0.005, 0.03])
  network.setLoss(lossShare)

  await time.pass(faultsMs)
  network.setLoss(0)
  lossShare = 0
  note('the faults end')
  for (const node of network.nodes) network.setUp(node, true)
  cluster.elect()
  for (const { process } of members) process.resume()
  await time.pass(100)
  if (living().every(({ isStopping }) => isStopping())) begin()

  const remaining = (): string[] => [
    ...cluster.partitions().flatMap((of) => {
      const key = keyOf(of)
      const owners = living()
        .filter(({ open }) => open().includes(key))
        .map(({ process }) => process.id)
      const lag = cluster.endOffset(of) - (brokers.committed().get(key)?.offset ?? 0)
      const missing = cluster.offsets(of).filter((offset) => !sink.has(of, offset))
      return [
        ...(owners.length === 1 ? [] : [`${key} is owned by ${owners.join(' and ') || 'nobody'}`]),
        ...(lag === 0 ? [] : [`${key} lags ${lag} behind`]),
        ...(missing.length === 0 ? [] : [`${key}: ${missing.length} are never stored`]),
      ]
    }),
  ]
  await time.passUntil(() => remaining().length === 0, SETTLE_MS)
  for (const problem of remaining()) violated(problem)
  const generations = group.generation
  note('all are told to stop')
  isEnding = true
  for (const { stop } of living()) stop()
  await time.passUntil(() => living().length === 0, 20_000)
  for (const { process } of living()) violated(`${process.id} does not stop`)
  for (const { process } of members) process.kill()
  return { violations, story, stored: sink.count(), generations }
}

import { expect, test } from '@jest/globals'
import { runWorld } from './world.ts'

/** `SIM_SEED` runs that seed alone, and tells its story; `SIM_RUNS` runs so many, instead of as many as fit in 5 s. */
const { SIM_SEED, SIM_RUNS, SIM_FIRST = '1' } = process.env
const BUDGET_MS = 5_000

const failures = async (seed: number): Promise<string> => {
  const { violations, story } = await runWorld(seed)
  if (SIM_SEED !== undefined) process.stdout.write(`${story.join('\n')}\n`)
  return violations.length === 0 ? '' : `SIM_SEED=${seed}:\n  ${violations.join('\n  ')}`
}

test('a group of consumers stores every record once, whatever happens to its members and brokers', async () => {
  const startMs = performance.now()
  const isOver = (runs: number): boolean =>
    SIM_RUNS === undefined ? performance.now() - startMs > BUDGET_MS : runs >= Number(SIM_RUNS)
  const seeds = SIM_SEED === undefined ? undefined : Number(SIM_SEED)
  const found: string[] = []
  if (seeds !== undefined) found.push(await failures(seeds))
  else
    for (let runs = 0; !isOver(runs) && found.length < 5; runs++) {
      const failure = await failures(Number(SIM_FIRST) + runs)
      if (failure !== '') found.push(failure)
    }
  expect(found.join('\n')).toBe('')
}, 3_600_000)

import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from '@jest/globals'
import { type Store } from '../../../embedded/store/store.ts'
import { run } from '../../../logql/evaluate/run.ts'
import { type SelectedStream } from '../../../logql/source.ts'

export const FIRST_NS = -(2n ** 63n)
export const LAST_NS = 2n ** 63n - 1n

/** A file system in memory, where there is one: forcing files to it takes no time. */
const BASE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** An empty folder that does not outlive the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(BASE, 'vigie-store-'))
  folders.push(folder)
  return folder
}

/** What a store would find whose process was killed at this moment. */
export function asKilledNow(folder: string): string {
  const copy = temporaryFolder()
  cpSync(folder, copy, { recursive: true })
  rmSync(join(copy, 'lock'), { force: true })
  return copy
}

export const filesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name !== 'lock')
    .sort()

/** Runs what waits until the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate)
}

/** Waits until no log but the current one is left. */
export const sealed = (folder: string): Promise<void> =>
  until(() => filesIn(folder).filter((name) => !/^segment-\d+$/.test(name)).length === 1)

export type ReadEntry = { timeNs: bigint; line: string; metadata: Record<string, string> | undefined }

/** The entries of a stream, block after block; checks what a block says of itself against what it holds. */
export function entriesIn({ blocks }: SelectedStream): ReadEntry[] {
  return blocks.flatMap((block) => {
    const times = block.times()
    const { text, starts, ends, byteLength, metadata } = block.lines()
    const entries = Array.from(times, (time, index) => {
      const labels = metadata(index)
      return {
        timeNs: block.firstNs + BigInt(time),
        line: text.slice(starts[index], ends[index]),
        metadata: labels && Object.fromEntries(labels),
      }
    })
    const bytes = entries.reduce((sum, _, index) => sum + byteLength(index), 0)
    const isAscending = times.every((time, index) => index === 0 || time >= (times[index - 1] ?? 0))
    const last = entries.at(-1)?.timeNs
    if (times[0] !== 0 || entries.length !== block.count || bytes !== block.bytes || last !== block.lastNs)
      throw new Error('a block is not what it says')
    if (!isAscending || starts.length !== block.count || ends.length !== block.count)
      throw new Error('a block is not in order')
    return entries
  })
}

/** What a tenant's store answers, without a break; nothing where there is no tenant. */
export const allOf = <Found>(work: Generator<void, readonly Found[]> | undefined): readonly Found[] =>
  work === undefined ? [] : run(work)

/** Everything a tenant has, by stream. */
export function contents(store: Store, tenant = 'a'): Record<string, ReadEntry[]> {
  const streams = allOf(store.tenant(tenant)?.select([], FIRST_NS, LAST_NS))
  return Object.fromEntries(streams.map((each) => [each.labels.get('job') ?? '', entriesIn(each)]))
}

/** The lines of one stream of the tenant `a`, in the order of their times. */
export const linesOf = (store: Store, job = 'j'): string[] =>
  (contents(store)[job] ?? []).toSorted((a, b) => Number(a.timeNs - b.timeNs)).map(({ line }) => line)

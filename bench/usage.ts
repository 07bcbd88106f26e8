import { readFileSync } from 'node:fs'

/** What a process has used so far: CPU seconds (user and system, all threads) and its peak memory in MB. */
export type Usage = { cpuSeconds: number; peakMegabytes: number }

/** Linux counts CPU time for other processes in hundredths of a second (USER_HZ), on every architecture. */
const TICKS_PER_SECOND = 100

/**
 * Reads CPU times from the text of /proc/PID/stat and peak memory (VmHWM) from that of /proc/PID/status. Pure.
 * The name of the command, in parentheses, may hold anything: fields are counted after the last one.
 */
export function parsedUsage(stat: string, status: string): Usage {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  const peakKib = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1])
  return { cpuSeconds: ticks / TICKS_PER_SECOND, peakMegabytes: (peakKib * 1024) / 1e6 }
}

/** What processes have used together, as the system counts it; undefined where that cannot be read (not Linux). */
export function usageOf(pids: readonly number[]): Usage | undefined {
  try {
    const usages = pids.map((pid) =>
      parsedUsage(readFileSync(`/proc/${pid}/stat`, 'utf8'), readFileSync(`/proc/${pid}/status`, 'utf8')),
    )
    return usages.reduce((sum, each) => ({
      cpuSeconds: sum.cpuSeconds + each.cpuSeconds,
      peakMegabytes: sum.peakMegabytes + each.peakMegabytes,
    }))
  } catch {
    return undefined // No /proc, or the process has ended: whoever waits for it says so.
  }
}

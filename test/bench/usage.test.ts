import { expect, test } from '@jest/globals'
import { parsedUsage, usageOf } from '../../bench/usage.ts'

const STATUS = 'Name:\tnode\nVmPeak:\t  999999 kB\nVmHWM:\t  100000 kB\nVmRSS:\t   90000 kB\n'

test('CPU is user and system time, however the command is called', () => {
  const stat = '42 (a) b (c)) S 1 42 42 0 -1 4194304 100 0 0 0 150 25 7 7 20 0 11 0 12345 1000 250'
  expect(parsedUsage(stat, STATUS)).toEqual({ cpuSeconds: 1.75, peakMegabytes: 102.4 })
})

const onLinux = process.platform === 'linux'

test('of this process there is some, and of two twice as much', () => {
  const [one, two] = [usageOf([process.pid]), usageOf([process.pid, process.pid])]
  if (!onLinux) return expect(one).toBeUndefined()
  expect(one?.peakMegabytes).toBeGreaterThan(10)
  expect(two?.peakMegabytes).toBeGreaterThanOrEqual((one?.peakMegabytes ?? 0) * 2)
})

test('of a process that is gone nothing is told', () => {
  expect(usageOf([2 ** 30])).toBeUndefined()
})

import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { createProgress, elapsed } from '../../stack/progress.ts'

test.each([
  [0, '0.0 s'],
  [49, '0.0 s'],
  [1_250, '1.2 s'],
  [59_999, '59.9 s'],
  [59_900, '59.9 s'],
  [60_000, '1 min 00 s'],
  [125_999, '2 min 05 s'],
  [3_600_000, '60 min 00 s'],
])('elapsed: %d ms is %s', (ms, expected) => {
  expect(elapsed(ms)).toBe(expected)
})

const colour = process.env.NO_COLOR
afterEach(() => {
  jest.useRealTimers()
  if (colour === undefined) delete process.env.NO_COLOR
  else process.env.NO_COLOR = colour
})

function drawn(stream: { isTTY?: boolean; columns?: number }) {
  jest.useFakeTimers({ now: 0 })
  delete process.env.NO_COLOR
  let text = ''
  const write = (part: string) => {
    text += part
    return true
  }
  const progress = createProgress({ ...stream, write } as unknown as NodeJS.WriteStream)
  const taken = () => {
    const all = text
    text = ''
    return all
  }
  return { progress, taken }
}

describe('off a terminal', () => {
  test('each change is one plain line', () => {
    const { progress, taken } = drawn({})
    progress.start('Kafka', 'starting')
    expect(taken()).toBe(` … ${'Kafka'.padEnd(24)}       0.0 s   starting\n`)
    jest.setSystemTime(61_000)
    progress.done('Kafka', 'ready')
    expect(taken()).toBe(` ✔ ${'Kafka'.padEnd(24)}  1 min 01 s   ready\n`)
    progress.start('Loki')
    progress.failed('Loki')
    expect(taken()).toMatch(/^ … Loki .*\n ✘ Loki .*\n$/)
    progress.close()
    expect(taken()).toBe('')
  })

  test('a task that takes long says so again, with its newest detail', () => {
    const { progress, taken } = drawn({})
    progress.start('build Loki')
    progress.start('Kafka')
    progress.done('Kafka')
    taken()
    progress.detail('build Loki', '12 packages')
    expect(taken()).toBe('')
    jest.advanceTimersByTime(30_000)
    expect(taken()).toMatch(/^ … build Loki +30\.0 s {3}12 packages\n$/)
    progress.close()
    jest.advanceTimersByTime(60_000)
    expect(taken()).toBe('')
  })

  test('what was never started is not told', () => {
    const { progress, taken } = drawn({})
    progress.done('wait')
    progress.failed('wait')
    progress.detail('wait', 'x')
    expect(taken()).toBe('')
    progress.close()
  })
})

describe('on a terminal', () => {
  test('the list is drawn over itself, no line wider than the terminal', () => {
    const { progress, taken } = drawn({ isTTY: true, columns: 40 })
    progress.start('Kafka', 'x'.repeat(200))
    expect(taken()).not.toContain('\x1b[1A')
    progress.start('Loki', 'y'.repeat(200))
    progress.done('Kafka')
    const lines = taken().split('\x1b[2A').at(-1)?.split('\n') ?? []
    expect(lines).toHaveLength(3)
    expect(lines[0]).toContain('✔ Kafka')
    for (const line of lines) expect(line.replace('\x1b[2K', '').length).toBeLessThan(40)
    progress.close()
  })

  test('goes on turning until it is closed', () => {
    const { progress, taken } = drawn({ isTTY: true })
    progress.start('Kafka')
    const first = taken()
    jest.advanceTimersByTime(120)
    const second = taken()
    expect(second).toContain('Kafka')
    expect(second.replace('\x1b[1A', '')).not.toBe(first)
    progress.close()
    taken()
    jest.advanceTimersByTime(1_000)
    expect(taken()).toBe('')
  })
})

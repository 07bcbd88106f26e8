import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { createProgressBar, grouped } from '../../cli/progress-bar.ts'

const colour = process.env.NO_COLOR
beforeEach(() => {
  jest.useFakeTimers({ now: 1_000_000 })
  delete process.env.NO_COLOR
})
afterEach(() => {
  jest.useRealTimers()
  if (colour === undefined) delete process.env.NO_COLOR
  else process.env.NO_COLOR = colour
})
const pass = (ms: number) => jest.setSystemTime(Date.now() + ms)

function drawn(stream: { isTTY?: boolean; columns?: number }) {
  const parts: string[] = []
  const write = (part: string) => parts.push(part.replaceAll('\u202f', ' ')) > 0
  const bar = createProgressBar({ ...stream, write } as unknown as NodeJS.WriteStream)
  return { bar, taken: () => parts.splice(0) }
}

describe('off a terminal', () => {
  test('a step that is done at once is one line', () => {
    const { bar, taken } = drawn({})
    bar.show('sending', 0, 72)
    expect(taken()).toEqual([])
    pass(400)
    bar.show('sending', 72, 72)
    expect(taken()).toEqual([`sending   ${'█'.repeat(24)}  72 / 72  0.4 s\n`])
  })

  test('one that takes long says so now and then', () => {
    const { bar, taken } = drawn({})
    bar.show('sending', 0, 4_000)
    for (let second = 1; second <= 9; second++) {
      pass(1_000)
      bar.show('sending', second * 100, 4_000, 'note')
    }
    expect(taken()).toEqual([`sending   ${'█'.repeat(3)}${'░'.repeat(21)}  500 / 4 000  5.0 s  note\n`])
  })

  test('the end is told once, however often it is shown', () => {
    const { bar, taken } = drawn({})
    for (let turn = 0; turn < 3; turn++) bar.show('shipping', 5, 5)
    expect(taken()).toHaveLength(1)
    bar.show('visible', 5, 5)
    expect(taken()).toHaveLength(1)
  })

  test('nothing is left open', () => {
    const { bar, taken } = drawn({})
    bar.show('sending', 1, 1)
    taken()
    bar.close()
    expect(taken()).toEqual([])
  })
})

describe('on a terminal', () => {
  const CLEAR = '\r\x1b[2K'

  test('one line is drawn over itself, ten times a second at most', () => {
    const { bar, taken } = drawn({ isTTY: true })
    bar.show('sending', 0, 1_000)
    pass(99)
    bar.show('sending', 100, 1_000)
    pass(1)
    bar.show('sending', 250, 1_000)
    expect(taken()).toEqual([
      `${CLEAR}sending   ${'░'.repeat(24)}  0 / 1 000  0.0 s`,
      `${CLEAR}sending   ${'█'.repeat(6)}${'░'.repeat(18)}  250 / 1 000  0.1 s`,
    ])
  })

  test('the end is drawn although it comes early', () => {
    const { bar, taken } = drawn({ isTTY: true })
    bar.show('sending', 0, 10)
    taken()
    bar.show('sending', 10, 10)
    expect(taken()).toEqual([`${CLEAR}sending   ${'█'.repeat(24)}  10 / 10  0.0 s`])
  })

  test('a new step begins a new line and its own time', () => {
    const { bar, taken } = drawn({ isTTY: true })
    bar.show('reading', 5, undefined)
    pass(3_000)
    bar.show('sending', 0, undefined, 'to Kafka')
    expect(taken()).toEqual([`${CLEAR}reading   5  0.0 s`, '\n', `${CLEAR}sending   0  0.0 s  to Kafka`])
  })

  test('close ends the line, once', () => {
    const { bar, taken } = drawn({ isTTY: true })
    bar.close()
    bar.show('sending', 1, 2)
    taken()
    bar.close()
    bar.close()
    expect(taken()).toEqual(['\n'])
  })

  test('a line is never wider than the terminal', () => {
    const { bar, taken } = drawn({ isTTY: true, columns: 30 })
    bar.show('sending', 1_000_000, 2_000_000, 'x'.repeat(100))
    expect(taken()[0]?.replace(CLEAR, '')).toHaveLength(29)
  })

  test('more than was expected does not burst the bar', () => {
    const { bar, taken } = drawn({ isTTY: true })
    bar.show('visible', 30, 10)
    expect(taken()[0]).toContain(` ${'█'.repeat(24)} `)
  })

  test('with NO_COLOR lines are plain', () => {
    process.env.NO_COLOR = '1'
    const { bar, taken } = drawn({ isTTY: true })
    bar.show('sending', 1, 1)
    expect(taken().join('')).not.toContain('\x1b')
  })
})

test.each([
  [0, '0'],
  [999, '999'],
  [1_000, '1 000'],
  [1_234_567, '1 234 567'],
])('grouped: %d', (value, expected) => {
  expect(grouped(value)).toBe(expected.replaceAll(' ', '\u202f'))
})

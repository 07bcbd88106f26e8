import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { PROJECT_ROOT } from '../../stack/config.ts'
import { serverProperties } from '../../stack/kafka.ts'

const OPEN = ['$', '{'].join('')
const named = (name: string): string => `${OPEN}${name}}`

describe('serverProperties', () => {
  test('fills in every name it is given, as often as it is there', () => {
    const template = `a=${named('A')}:${named('B_2')}\n#$A ${named('A')}`
    expect(serverProperties(template, { A: '1', B_2: '$&' })).toBe('a=1:$&\n#$A 1')
  })

  test('a name without a value stays, so that Kafka complains of it', () => {
    expect(serverProperties(`a=${named('A')}`, {})).toBe(`a=${named('A')}`)
  })

  test('leaves no placeholder in any setting of the real file', () => {
    const template = readFileSync(join(PROJECT_ROOT, 'kafka', 'server.properties'), 'utf8')
    const values = {
      KAFKA_HOST: '127.0.0.1',
      KAFKA_CONTROLLER_PORT: '29093',
      KAFKA_LISTENERS: 'PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:29093',
      KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://127.0.0.1:9092',
      KAFKA_DATA_DIR: '/data/kafka',
    }
    const settings = serverProperties(template, values)
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
    expect(settings.filter((line) => line.includes(OPEN))).toEqual([])
    const names = settings.map((line) => line.slice(0, line.indexOf('=')))
    expect(new Set(names).size).toBe(names.length)
    expect(settings).toContain('controller.quorum.voters=1@127.0.0.1:29093')
    expect(settings).toContain('log.dirs=/data/kafka')
    expect(settings).toContain(`listeners=${values.KAFKA_LISTENERS}`)
  })
})

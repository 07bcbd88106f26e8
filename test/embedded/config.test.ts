import { describe, expect, it } from '@jest/globals'
import { configText, readConfig } from '../../embedded/config.ts'
import { DEFAULT_LIMITS, readLimits } from '../../loki/limits.ts'
import { projectConfig } from './api/served.ts'

describe('the configuration', () => {
  it('has Loki’s defaults where nothing is said', () => {
    const limits = readLimits(configText(readConfig('')))
    expect(limits).toEqual({ ...DEFAULT_LIMITS, maxAgeMs: 7 * 86_400_000, maxAheadMs: 600_000 })
  })

  it('is that of the project’s Loki', () => {
    const { auth_enabled, ingester, limits_config, ruler } = projectConfig()
    expect(auth_enabled).toBe(false)
    expect(ingester.max_chunk_age).toBe(17_520 * 3_600_000)
    expect(limits_config).toMatchObject({ max_entries_limit_per_query: 10_000, ingestion_rate_mb: 128 })
    expect(ruler.evaluation_interval).toBe(5_000)
  })

  it('reads back what it prints', () => {
    const config = readConfig(
      'limits_config: { retention_period: 1w2d, max_line_size: 1000, query_timeout: 1.5s }',
    )
    expect(config.limits_config).toMatchObject({
      retention_period: 777_600_000,
      max_line_size: 1_000,
      query_timeout: 1_500,
    })
    expect(readConfig(configText(config))).toEqual(config)
  })

  it('takes variables from the environment', () => {
    const variable = (name: string): string => `"\${${name}}"`
    const text = `limits_config: { retention_period: ${variable('DAYS:-7d')}, max_line_size: ${variable('SIZE')} }`
    expect(readConfig(text, { SIZE: '1MB' }).limits_config).toMatchObject({
      retention_period: 7 * 86_400_000,
      max_line_size: 1_048_576,
    })
  })

  it('takes empty sections, and keys that are Loki’s own affair', () => {
    expect(readConfig('limits_config:\nschema_config: { configs: [] }\nruler:\n')).toEqual(readConfig(''))
  })

  it.each(['limits_config: { max_query_series: few }', 'auth_enabled: ['])(
    'names the file of which %s is refused',
    (text) => {
      const wrong = expect.objectContaining({ message: expect.stringContaining('  in my-loki.yaml:\n  ') })
      expect(() => readConfig(text, {}, 'my-loki.yaml')).toThrow(wrong)
    },
  )

  it.each([
    ['limits_config: { query_timeout: soon }', 'limits_config.query_timeout = "soon": a duration such as 5m'],
    [
      'limits_config: { max_line_size: large }',
      'limits_config.max_line_size = "large": a size such as 256KB',
    ],
    ['limits_config: { max_query_series: -1 }', 'limits_config.max_query_series'],
    ['auth_enabled: [', 'CONFIG_INVALID'],
    ['- a list', 'expected object'],
  ])('%s is refused', (text, message) => {
    const read = () => {
      try {
        return readConfig(text)
      } catch (error) {
        const { code, message } = error as { code: string; message: string }
        throw new Error(`${code} ${message}`)
      }
    }
    expect(read).toThrow(message)
  })
})

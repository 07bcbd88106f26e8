import { describe, expect, test } from '@jest/globals'
import { DEFAULT_LIMITS, readLimits } from '../../loki/limits.ts'

describe('the limits in Loki’s configuration', () => {
  test('are read in the units that Loki prints', () => {
    const told = readLimits(`
ingester:
  max_chunk_age: 2h0m0s
limits_config:
  ingestion_burst_size_mb: 6
  max_label_value_length: 2048
  max_label_names_per_series: 15
  reject_old_samples: true
  reject_old_samples_max_age: 1w
  creation_grace_period: 10m
  max_line_size: 256KB
  per_stream_rate_limit: 3MB
  per_stream_rate_limit_burst: 15MB
  max_structured_metadata_size: 64KB
`)
    expect(told).toEqual({
      ...DEFAULT_LIMITS,
      maxAgeMs: 7 * 86_400_000,
      maxAheadMs: 600_000,
      maxStreams: 5_000,
    })
  })

  test('of 0 are none, and old samples may be taken', () => {
    const told = readLimits(
      'limits_config: { max_line_size: 0B, reject_old_samples: false, max_line_size_truncate: false }',
    )
    expect(told).toMatchObject({ maxLineBytes: Number.POSITIVE_INFINITY, maxAgeMs: undefined })
  })

  test.each(['', 'not yaml: [', '<html></html>', 'a: b', '[]', '404 page not found'])(
    '%j is none of Loki’s',
    (text) => {
      expect(readLimits(text)).toBeUndefined()
    },
  )
})

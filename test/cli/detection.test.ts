import { describe, expect, test } from '@jest/globals'
import { type Detection, detectionLine } from '../../cli/detection.ts'

const detection: Detection = {
  source: 'crm',
  failedAt: '2026-11-21T12:00:03.120Z',
  alertedBefore: null,
  alertSeconds: 5.94,
  mailSeconds: 8.7,
  mailPage: 'http://127.0.0.1:1080',
}

describe('the line on the detection', () => {
  test.each<[string, Partial<Detection>, string, boolean]>([
    ['noticed', {}, 'alert after 5.9 s · e-mail after 8.7 s · http://127.0.0.1:1080', false],
    [
      'alerted already',
      { alertedBefore: '2026-11-21T11:59:00.000Z', alertSeconds: null, mailSeconds: null },
      'was already alerted at 11:59:00 · http://127.0.0.1:1080',
      false,
    ],
    [
      'no alert',
      { alertSeconds: null, mailSeconds: null },
      'no alert within 20 s: see `vigie logs loki`',
      true,
    ],
    [
      'no mail',
      { mailSeconds: null },
      'alert after 5.9 s · no e-mail within 20 s: see `vigie logs alertmanager`',
      true,
    ],
  ])('%s', (_, change, end, isWarning) => {
    expect(detectionLine({ ...detection, ...change })).toEqual({
      text: `FAILED in crm at 12:00:03 · ${end}`,
      isWarning,
    })
  })
})

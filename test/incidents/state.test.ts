import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { stateKey, subjectOf } from '../../incidents/state.ts'

describe('the keys of the state topic', () => {
  const followed = fc.record({ groupId: fc.string(), topic: fc.string() })
  const subject = fc.oneof(fc.string(), fc.nat())

  test('tell what they are about, to trackers of the same group and topic only', () => {
    fc.assert(
      fc.property(followed, followed, subject, (mine, other, of) => {
        const isSame = mine.groupId === other.groupId && mine.topic === other.topic
        expect(subjectOf(stateKey(mine, of), mine)).toBe(of)
        expect(subjectOf(stateKey(mine, of), other)).toBe(isSame ? of : undefined)
      }),
    )
  })

  test.each(['', 'crm', '[]', '["g","t"]', '["g","t",-1]', '["g","t",1.5]', '["g","t","crm",1]', 'null'])(
    '%j is nobody’s',
    (key) => {
      expect(subjectOf(key, { groupId: 'g', topic: 't' })).toBeUndefined()
    },
  )
})

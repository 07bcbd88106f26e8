import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { deletedUids, uidsIn } from '../../grafana/deleted.ts'

const uids = fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 3 }))

test('everything known before is either there or deleted, never both, and nothing else is', () => {
  fc.assert(
    fc.property(uids, uids, (previous, current) => {
      const deleted = deletedUids(previous, current)
      expect(deleted.filter((uid) => current.includes(uid))).toEqual([])
      expect(new Set([...deleted, ...current])).toEqual(new Set([...previous, ...current]))
      expect(deleted).toEqual([...new Set(deleted)].sort())
    }),
  )
})

test('uids are read from rules and from earlier deletions', () => {
  expect(uidsIn('groups: [{rules: [{uid: a}, {uid: b}]}]\ndeleteRules: [{uid: c}]')).toEqual(['a', 'b', 'c'])
})

test('a file about something else has none', () => {
  expect(uidsIn('contactPoints: [{receivers: [{uid: email}]}]')).toEqual([])
  expect(uidsIn('')).toEqual([])
  expect(uidsIn('groups: 3')).toEqual([])
})

import { expect, test } from '@jest/globals'
import { headerText } from '../../kafka/headers.ts'

test.each([
  ['bytes', { name: Buffer.from('é') }, 'é'],
  ['text', { name: 'text' }, 'text'],
  ['the first of several', { name: [Buffer.from('first'), 'second'] }, 'first'],
  ['nothing when none has the name', { other: 'x' }, undefined],
  ['nothing when there are none', undefined, undefined],
])('a header is read as text: %s', (_, headers, text) => {
  expect(headerText({ headers }, 'name')).toBe(text)
})

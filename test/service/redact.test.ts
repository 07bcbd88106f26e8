import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { redacted } from '../../service/redact.ts'

describe('texts', () => {
  test.each([
    ['http://bob:hunter2@loki:3100/x', 'http://bob:***@loki:3100/x'],
    ['redis://:hunter2@cache', 'redis://:***@cache'],
    ['from s3://a:b@c to amqp://d:e@f', 'from s3://a:***@c to amqp://d:***@f'],
    ['Authorization: Bearer abc.DEF-123_~+/=', 'Authorization: Bearer ***'],
    ['authorization: basic Ym9iOmh1bnRlcjI=', 'authorization: basic ***'],
    ['password=hunter2 user=bob', 'password=*** user=bob'],
    ['{"token":"abc","user":"bob"}', '{"token":"***","user":"bob"}'],
    ["{ secret: 'abc' }", "{ secret: '***' }"],
  ])('%s', (text, expected) => {
    expect(redacted(text)).toBe(expected)
  })

  test.each(['http://loki:3100/a@b', 'see https://example.com/x', '12:30:45 bob@example.com', 'a bearer'])(
    '%s has no secret and stays',
    (text) => {
      expect(redacted(text)).toBe(text)
    },
  )
})

describe('values', () => {
  test('what has no secret stays as it is', () => {
    const value = { a: 1, b: [true, null, 'x'], c: { d: undefined, e: 'y' }, n: 12n }
    expect(redacted(value)).toEqual(value)
  })

  test('a key that is not set is shown as not set', () => {
    expect(redacted({ password: undefined })).toEqual({ password: undefined })
  })

  test('the message of an error is looked through too', () => {
    expect(redacted({ error: new Error('GET http://a:b@c failed') })).toEqual({
      error: 'GET http://a:***@c failed',
    })
  })

  test('a value that contains itself comes to an end', () => {
    const value: Record<string, unknown> = { name: 'x' }
    value.self = value
    expect(redacted(value)).toMatchObject({ name: 'x', self: { name: 'x' } })
  })

  test('the value that was given does not change', () => {
    const value = { password: 'x', list: ['http://a:b@c'] }
    redacted(value)
    expect(value).toEqual({ password: 'x', list: ['http://a:b@c'] })
  })
})

describe('a secret never comes through', () => {
  const secret = fc.stringMatching(/^[a-zA-Z0-9]{12,30}$/)
  const secretKey = fc.constantFrom(
    ...['password', 'LOKI_PASSWORD', 'pass', 'secret', 'AWS_SECRET_ACCESS_KEY', 'token', 'sessionToken'],
    ...['Authorization', 'credentials', 'apiKey', 'api_key', 'LOKI_BEARER_TOKEN'],
  )
  const plainKey = fc.constantFrom('a', 'settings', 'headers', '0')

  test('under a key that says what it is, in any nesting that is logged', () => {
    const path = fc.array(fc.oneof(plainKey, fc.constant('list')), { maxLength: 4 })
    const held = fc.oneof(
      secret,
      secret.map((text) => ({ value: text })),
      secret.map((text) => [text]),
    )
    fc.assert(
      fc.property(path, secretKey, held, (keys, key, value) => {
        const nested = keys.reduceRight<unknown>(
          (inner, each) => (each === 'list' ? [1, inner] : { [each]: inner, other: 'x' }),
          { [key]: value },
        )
        const text = typeof value === 'string' ? value : String(Object.values(value)[0])
        expect(JSON.stringify(nested)).toContain(text)
        expect(JSON.stringify(redacted(nested))).not.toContain(text)
      }),
    )
  })

  test('inside a text', () => {
    const around = fc.constantFrom(
      (text: string) => `https://bob:${text}@host/path`,
      (text: string) => `failed with Bearer ${text}, once`,
      (text: string) => `password=${text}`,
      (text: string) => `{"token": "${text}"}`,
      (text: string) => `SECRET: ${text}; done`,
    )
    fc.assert(
      fc.property(around, secret, (write, text) => {
        expect(redacted(write(text))).not.toContain(text)
        expect(redacted(write(encodeURIComponent(`${text}:%`)))).not.toContain(text)
      }),
    )
  })
})

test.each([
  ['https://bob:p@ss@host/path', 'p@ss'],
  ['password: "my secret phrase"', 'phrase'],
  ["token='two words'", 'words'],
])('%s shows nothing of its secret', (text, secret) => {
  expect(redacted(text)).not.toContain(secret)
})

test.each(['x-api-key', 'private_key', 'pwd', 'AWS_SECRET_ACCESS_KEY'])(
  'a value under %s is not shown',
  (key) => {
    expect(JSON.stringify(redacted({ [key]: 'hunter2' }))).not.toContain('hunter2')
  },
)

test('what lies too deep to be looked at is not shown', () => {
  const deep = { a: { a: { a: { a: { a: { a: { a: { password: 'hunter2' } } } } } } } }
  expect(JSON.stringify(redacted(deep))).not.toContain('hunter2')
})

test('a date stays a date', () => {
  const date = new Date(0)
  expect(redacted({ date })).toEqual({ date })
})

import { describe, expect, test } from '@jest/globals'
import { lokiHeaders, lokiSettings } from '../../loki/config.ts'
import { settingsFrom } from '../../service/settings.ts'

const settingsOf = (env: Record<string, string>) => settingsFrom(lokiSettings, env)
const headersOf = (env: Record<string, string>) => lokiHeaders(settingsOf(env))

describe('LOKI_URL', () => {
  test.each([
    ['http://loki:3100', 'http://loki:3100'],
    ['http://loki:3100/', 'http://loki:3100'],
    ['http://loki:3100///', 'http://loki:3100'],
    ['http://loki:3100/loki/api/v1/push', 'http://loki:3100'],
    ['http://loki:3100/loki/api/v1/push/', 'http://loki:3100'],
    ['https://logs.example.com/gateway/', 'https://logs.example.com/gateway'],
    ['https://logs.example.com/gateway/loki/api/v1/push', 'https://logs.example.com/gateway'],
    ['http://[::1]:3100', 'http://[::1]:3100'],
  ])('%s is %s', (written, url) => {
    expect(settingsOf({ LOKI_URL: written }).LOKI_URL).toBe(url)
  })

  test.each(['loki:3100', 'ftp://loki', 'loki', '/loki', 'http://'])('%s is refused', (written) => {
    expect(() => settingsOf({ LOKI_URL: written })).toThrow(/LOKI_URL.*an http:\/\/ or https:\/\/ address/)
  })

  test('the default is the local Loki', () => {
    expect(settingsOf({}).LOKI_URL).toBe('http://127.0.0.1:3100')
  })
})

describe('who asks', () => {
  test('nobody in particular', () => {
    expect(headersOf({})).toEqual({})
    const empty = { LOKI_TENANT_ID: '', LOKI_USERNAME: '', LOKI_PASSWORD: '', LOKI_BEARER_TOKEN: '' }
    expect(headersOf(empty)).toEqual({})
  })

  test.each([
    [{ LOKI_TENANT_ID: 'acme' }, { 'X-Scope-OrgID': 'acme' }],
    [{ LOKI_BEARER_TOKEN: 'abc' }, { Authorization: 'Bearer abc' }],
    [{ LOKI_USERNAME: 'bob', LOKI_PASSWORD: 'a:b' }, { Authorization: `Basic ${btoa('bob:a:b')}` }],
    [{ LOKI_USERNAME: 'bob' }, { Authorization: `Basic ${btoa('bob:')}` }],
    [
      { LOKI_TENANT_ID: 'acme', LOKI_BEARER_TOKEN: 'abc' },
      { 'X-Scope-OrgID': 'acme', Authorization: 'Bearer abc' },
    ],
  ])('%j', (env, headers) => {
    expect(headersOf(env as Record<string, string>)).toEqual(headers)
  })

  test('two ways at once are an error, which shows neither secret', () => {
    const both = { LOKI_USERNAME: 'bob', LOKI_PASSWORD: 'hunter2', LOKI_BEARER_TOKEN: 'abc.def' }
    expect(() => headersOf(both)).toThrow(/LOKI_BEARER_TOKEN.*LOKI_USERNAME/)
    expect(() => headersOf(both)).not.toThrow(/hunter2|abc\.def/)
    expect(() => headersOf(both)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })
})

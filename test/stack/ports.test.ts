import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { accepts, assertFree, isFree, listenerOn } from '../../stack/ports.ts'

let server: Server
let port = 0
beforeEach(async () => {
  server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
const close = () => new Promise((resolve) => server.close(resolve))
afterEach(close)

const onLinux = process.platform === 'linux' ? test : test.skip

describe('a port that is listened on', () => {
  test('is not free, and accepts', async () => {
    expect(await isFree(port)).toBe(false)
    expect(await accepts(port)).toBe(true)
  })

  test('PORT_IN_USE says which service needs it and which setting moves it', async () => {
    await expect(assertFree(port, 'Loki', 'VIGIE_LOKI_PORT')).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringMatching(new RegExp(`Port ${port}, which Loki needs.*VIGIE_LOKI_PORT`)),
    })
  })

  onLinux('its listener is this process, and is named', async () => {
    expect(listenerOn(port)).toEqual({ pid: process.pid, command: expect.stringMatching(/./) })
    await expect(assertFree(port, 'Loki', 'VIGIE_LOKI_PORT')).rejects.toThrow(`pid ${process.pid} (`)
  })
})

describe('a port that is not', () => {
  test('is free, accepts nothing, and has no listener', async () => {
    await close()
    expect(await isFree(port)).toBe(true)
    expect(await accepts(port)).toBe(false)
    expect(listenerOn(port)).toBeUndefined()
    await expect(assertFree(port, 'Loki', 'VIGIE_LOKI_PORT')).resolves.toBeUndefined()
  })
})

test('asking whether a port is free does not keep it', async () => {
  await close()
  expect([await isFree(port), await isFree(port)]).toEqual([true, true])
})

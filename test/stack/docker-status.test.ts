import { expect, test } from '@jest/globals'
import { containerStatuses } from '../../stack/docker-status.ts'

const container = (more: object) =>
  JSON.stringify({
    Service: 'loki',
    State: 'running',
    Health: 'healthy',
    ExitCode: 0,
    Publishers: null,
    ...more,
  })

test('healthy is ready; what publishes a port has an address, once', () => {
  const Publishers = [
    { URL: '127.0.0.1', TargetPort: 3100, PublishedPort: 3100, Protocol: 'tcp' },
    { URL: '127.0.0.1', TargetPort: 3100, PublishedPort: 3100, Protocol: 'tcp' },
    { URL: '', TargetPort: 9095, PublishedPort: 0, Protocol: 'tcp' },
  ]
  expect(containerStatuses(container({ Publishers }))).toEqual([
    { name: 'loki', state: 'ready', address: '127.0.0.1:3100' },
  ])
})

test.each([
  [{ Health: 'starting' }, 'not ready', 'its health check: starting'],
  [{ Health: 'unhealthy' }, 'not ready', 'its health check: unhealthy'],
  [{ Health: '' }, 'ready', undefined],
  [{ State: 'exited', Health: '' }, 'stopped', undefined],
  [{ State: 'created', Health: '' }, 'stopped', undefined],
  [{ State: 'exited', Health: '', ExitCode: 137 }, 'died', 'exited, exit code 137'],
  [{ State: 'restarting', Health: '', ExitCode: 1 }, 'died', 'restarting, exit code 1'],
])('%j is %s', (more, state, waitsFor) => {
  expect(containerStatuses(container(more))).toEqual([
    { name: 'loki', state, address: '', ...(waitsFor === undefined ? {} : { waitsFor }) },
  ])
})

test('one object a line, or one array; in the order of the names, without what runs once', () => {
  const all = ['shipper', 'producer', 'kafka', 'sample'].map((Service) => container({ Service }))
  const names = (output: string) => containerStatuses(output).map(({ name }) => name)
  expect(names(`${all.join('\n')}\n`)).toEqual(['kafka', 'shipper'])
  expect(names(`[${all.join(',')}]`)).toEqual(['kafka', 'shipper'])
  expect(names('\n')).toEqual([])
})

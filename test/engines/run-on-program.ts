import { spawnSync } from 'node:child_process'
import { stackSettings } from '../../stack/config.ts'
import { localLoki } from '../../stack/which-loki.ts'

// Runs the engine tests on a real Loki, where there is one; says so where there is none.
const loki = localLoki(stackSettings.parse(process.env))
if (loki.kind === 'program') {
  const options = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning']
  const jest = [
    'node_modules/jest/bin/jest.js',
    '--selectProjects',
    'loki',
    '--maxWorkers=3',
    '--testTimeout=180000',
  ]
  const { status } = spawnSync(process.execPath, [...options, ...jest, ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  process.exitCode = status ?? 1
} else
  process.stdout.write(
    'No `loki` program is here (on PATH, or at VIGIE_LOKI_PROGRAM): the engine tests ran on the embedded store only.\n',
  )

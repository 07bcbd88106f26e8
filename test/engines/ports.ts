import { freePort, type PortRange } from '../../stack/ports.ts'

/** Below the ports that `freePort` gives to the programs under test. */
const FIRST_PORT = 7_000
const PORTS_OF_A_WORKER = 1_600

/** One of the workers of jest, which counts them from 1; setup.ts is no worker. */
const worker = Number(process.env.JEST_WORKER_ID ?? 0)
const range: PortRange = {
  from: FIRST_PORT + worker * PORTS_OF_A_WORKER,
  to: FIRST_PORT + (worker + 1) * PORTS_OF_A_WORKER,
}

/**
 * A free port that a test may keep for later, or for nobody: the other workers, and the programs they
 * start, look for theirs elsewhere.
 */
export const reservedPort = (): Promise<number> => freePort(range)

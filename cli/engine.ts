import { Option } from 'commander'
import { DEFAULT_LOGS_URI } from '../log/names.ts'
import { vigieError } from '../service/errors.ts'
import { STACK_ENGINES, type StackEngine } from '../stack/config.ts'
import { DOCKER_FOLDER, dockerProblem, dockerS3Env, dockerUp, isDockerUp } from '../stack/docker.ts'
import { putSample } from '../stack/s3.ts'
import { type ServiceName, type StackContext } from '../stack/service.ts'
import { status } from '../stack/status.ts'

export const engineOption = (): Option =>
  new Option(
    '--engine <engine>',
    'native or docker; Docker where it answers when left out (VIGIE_ENGINE)',
  ).choices([...STACK_ENGINES])

/** What the choice of an engine depends on. */
export type Circumstances = {
  forced: StackEngine | undefined
  /** Kafka and Loki that the environment points elsewhere, by the variable that does. */
  elsewhere: readonly string[]
  /** The native services that run. */
  running: readonly string[]
}

/**
 * The engine that `vigie up` uses: the one that is forced; else the native one where it runs already or a
 * part is elsewhere (the Docker stack is whole or not at all); else Docker where it answers. Throws USAGE
 * when Docker is forced and one of the two stands in its way.
 */
export async function engineToStart({ forced, elsewhere, running }: Circumstances): Promise<StackEngine> {
  const wrong = (problem: string) => vigieError('USAGE', { problem })
  if (forced === 'docker' && elsewhere.length > 0)
    throw wrong(
      `The Docker stack uses its own Kafka and Loki: unset ${elsewhere.join(' and ')}, or use --engine native.`,
    )
  if (forced === 'docker' && running.length > 0)
    throw wrong(
      `The native stack runs (${running.join(', ')}): stop it with \`vigie down --engine native\` first.`,
    )
  if (forced !== undefined) return forced
  if (elsewhere.length > 0 || running.length > 0) return 'native'
  return (await dockerProblem()) === undefined ? 'docker' : 'native'
}

export async function circumstances(
  context: StackContext,
  external: ReadonlyMap<ServiceName, string>,
  forced: StackEngine | undefined,
): Promise<Circumstances> {
  const states = await status(context)
  return {
    forced: forced ?? context.stack.VIGIE_ENGINE,
    elsewhere: [external.get('kafka'), external.get('loki')].filter((name) => name !== undefined),
    running: states.filter(({ pid }) => pid !== undefined).map(({ name }) => name),
  }
}

/** The engine that runs the stack now, for commands that look at it: `docker` only while its stack is up. */
export async function engineInUse(context: StackContext, forced?: StackEngine): Promise<StackEngine> {
  const engine = forced ?? context.stack.VIGIE_ENGINE
  return engine ?? ((await isDockerUp(DOCKER_FOLDER)) ? 'docker' : 'native')
}

/** Brings up the Docker stack with the sample in its S3. Throws DOCKER_MISSING, DOCKER_FAILED, S3_*. */
export async function startDocker({ stack }: StackContext): Promise<void> {
  await dockerUp(DOCKER_FOLDER)
  await putSample(DEFAULT_LOGS_URI, dockerS3Env(DOCKER_FOLDER, stack.VIGIE_S3_PORT))
}

import setup from './setup.ts'

/** Starts the engines with the `loki` program that was found here in the embedded store's place. */
export default (config: unknown): Promise<void> => setup(config, 'program')

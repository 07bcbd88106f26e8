/** Where Stryker puts the project's mutants. */
export const SANDBOXES = '.vigie/mutants'

/** How Stryker is run for one file of the project. */
export const strykerConfig = (file: string, concurrency: number) => ({
  mutate: [file],
  // Words of logs, and the fields of what is logged, are no behaviour that a test should pin.
  mutator: { excludedMutations: ['StringLiteral', 'ObjectLiteral'] },
  // What runs once when a module is loaded would take all tests for each mutant.
  ignoreStatic: true,
  // The mutants are compiled like the project, all at once; a switch in them chooses one.
  buildCommand: 'npm run --silent build',
  // TypeScript 7 has no API that Stryker could rewrite it by.
  tsconfigFile: 'none',
  ignorePatterns: ['dist', '.vigie'],
  tempDirName: SANDBOXES,
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  jest: { enableFindRelatedTests: false, configFile: 'test/mutants/jest.config.js' },
  coverageAnalysis: 'perTest',
  timeoutMS: 5_000,
  concurrency,
  plugins: ['@stryker-mutator/jest-runner', './dist/test/mutants/survivors.js'],
  reporters: ['survivors'],
  logLevel: 'error',
  allowEmpty: true,
})

// The unit tests as Stryker runs them, of the compiled mutants in its sandbox: those that main.ts names.
export default {
  // Stryker's, which finds out what each test covers.
  testEnvironment: '@stryker-mutator/jest-runner/jest-env/node',
  transform: {},
  rootDir: '../..',
  testMatch: [`<rootDir>/${process.env.MUTANT_TESTS}`],
  setupFiles: ['<rootDir>/dist/test/mutants/no-shrinking.js'],
  // It covers nearly everything, and takes seconds: each mutant would wait for it.
  testPathIgnorePatterns: ['/node_modules/', '/test/kafka/simulation/'],
}

// The tests run as compiled by tsc: what is tested is what is run, and no second compiler is needed.
const common = { testEnvironment: 'node', transform: {}, rootDir: '.' }

export default {
  reporters: ['default', '<rootDir>/test/closing-line.cjs'],
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/dist/test/**/*.test.js'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/dist/test/engines/'],
    },
    {
      ...common,
      displayName: 'engines',
      testMatch: ['<rootDir>/dist/test/engines/*.test.js'],
      globalSetup: '<rootDir>/dist/test/engines/setup.js',
      globalTeardown: '<rootDir>/dist/test/engines/teardown.js',
    },
    {
      // The same on a real Loki, and what only that can be asked.
      ...common,
      displayName: 'loki',
      testMatch: ['<rootDir>/dist/test/engines/**/*.test.js'],
      globalSetup: '<rootDir>/dist/test/engines/setup-program.js',
      globalTeardown: '<rootDir>/dist/test/engines/teardown.js',
    },
  ],
}

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build-setup.ts', 'test/support/postgres-setup.ts', 'test/support/kafka/kafka-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A condition is awaited as long as on a busy machine it may take; the default is a second.
    expect: { poll: { timeout: 30_000 } },
    pool: 'forks',
    maxWorkers: 2,
  },
})

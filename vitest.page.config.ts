import { defineConfig } from 'vitest/config'

/** `npm run page:test`: the live page in a real Chromium, on a real service and Postgres. */
export default defineConfig({
  test: {
    include: ['test/page/**/*.page.ts'],
    globalSetup: ['test/support/build-setup.ts', 'test/support/postgres-setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    // A condition is awaited as long as on a busy machine it may take; the default is a second.
    expect: { poll: { timeout: 30_000 } },
    pool: 'forks',
    maxWorkers: 1,
  },
})

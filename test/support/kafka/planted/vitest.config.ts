import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** A run of its own, started by unrun.test.ts. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  test: {
    include: ['*.planted.ts'],
    globalSetup: ['../kafka-setup.ts'],
    pool: 'forks',
  },
})

import { fileURLToPath } from 'node:url'

/** The `quire` command as it is shipped; built by test/support/build-setup.ts. It starts in 1.0 s, and from its sources in 2.4. */
export const builtCommand = fileURLToPath(new URL('../../dist/host/main.js', import.meta.url))

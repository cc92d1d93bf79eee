import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** The programs that a fault runs, each one JavaScript file: from source a start takes 2.8 s of a core, so 1.1 s. */
export interface Programs {
  readonly host: string
  readonly judge: string
  remove(): Promise<void>
}

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export async function buildPrograms(): Promise<Programs> {
  // Below node_modules, where packages are found.
  const folder = source(`../../node_modules/.cache/quire-faults/${randomUUID()}`)
  await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      ssr: true,
      outDir: folder,
      minify: false,
      rolldownOptions: {
        input: { host: source('../../examples/embedded-host/host.ts'), judge: source('./judge.ts') },
        output: { entryFileNames: '[name].mjs' },
      },
    },
  })
  return {
    host: join(folder, 'host.mjs'),
    judge: join(folder, 'judge.mjs'),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

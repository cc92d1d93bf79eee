// Before packing: what an earlier build left in dist and no source makes any more must not be published.
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Built from sources of another folder, and emptied by its own build. */
const page = join('page', '/')

for (const file of existsSync(join(root, 'dist')) ? readdirSync(join(root, 'dist'), { recursive: true }) : []) {
  const source = /^(.*?)(?:\.d\.ts|\.js)$/.exec(String(file))?.[1]
  const isMade = source !== undefined && existsSync(join(root, 'src', `${source}.ts`))
  if (/\.(?:js|ts|map)$/.test(String(file)) && !isMade && !String(file).startsWith(page)) {
    rmSync(join(root, 'dist', String(file)))
  }
}

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { outputs } from './outputs.ts'

/** `npm run charts` writes what is derived from the machines; `--check` only tells what is stale, and exits with 1 if anything is. */
const isCheck = process.argv.includes('--check')
const stale: string[] = []
const all = await outputs()
for (const [path, text] of all) {
  if (textOf(path) === text) {
    continue
  }
  stale.push(path)
  if (!isCheck) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}
if (isCheck && stale.length > 0) {
  console.error(`stale, run 'npm run charts': ${stale.join(', ')}`)
  process.exitCode = 1
} else {
  console.log(`charts: ${all.size} files, ${isCheck ? 'all as the machines are' : `${stale.length} written`}`)
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

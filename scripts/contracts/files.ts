import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ContractDocument } from './documents.ts'

/** Paths in `folder` that are not what the code says: other text, missing, or left over. */
export function staleFiles(documents: readonly ContractDocument[], folder: string): string[] {
  const wanted = new Map(documents.map(({ path, text }) => [path, text]))
  const changed = [...wanted].filter(([path, text]) => !existsSync(join(folder, path)) || readFileSync(join(folder, path), 'utf8') !== text)
  const present = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'))
  return [...changed.map(([path]) => path), ...present.filter((path) => path.endsWith('.json') && !wanted.has(path))]
}

export function writeFiles(documents: readonly ContractDocument[], folder: string): void {
  for (const { path, text } of documents) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

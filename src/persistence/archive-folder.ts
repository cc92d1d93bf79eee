import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Archive } from '../runtime/archive.ts'

/** Documents as files of a folder: JSON lines, readable by the owner alone. One is there whole or not at all. */
export function createArchiveFolder(folder: string): Archive {
  return {
    async write(name, lines) {
      const path = join(folder, name)
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      const unfinished = `${path}.unfinished`
      const file = await open(unfinished, 'w', 0o600)
      try {
        for (const line of lines) {
          await file.write(`${JSON.stringify(line)}\n`)
        }
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(unfinished, path)
      await syncFolders(path, folder)
    },
    async remove(name) {
      const path = join(folder, name)
      await rm(path, { force: true })
      await rm(`${path}.unfinished`, { force: true })
    },
  }
}

/** The names on the way to the file are durable only when their folders are. */
async function syncFolders(path: string, folder: string): Promise<void> {
  for (const each of new Set([dirname(path), folder, dirname(folder)])) {
    const handle = await open(each, 'r')
    await handle.sync().finally(() => handle.close())
  }
}

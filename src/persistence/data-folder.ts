import { existsSync } from 'node:fs'
import { access, chmod, constants, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isQuireError, messageOf, QuireError } from '../runtime/errors.ts'
import { codeOf } from './errors.ts'

/** Version of the folder's layout; a folder of a newer one is refused. */
const formatVersion = 1
const markerName = 'quire.json'
export const socketName = 'quire.sock'
export const databaseName = 'postgres'
/** It holds texts of pupils: nobody else of the machine reads them. */
const ownerOnly = 0o700

/** Whether a data folder was made there; one that cannot be looked into was not. */
export function isDataFolder(folder: string): boolean {
  return existsSync(join(folder, markerName))
}

/** Makes it where it is missing, closed to other users. @throws QuireError `folder-newer`, `folder-unwritable` */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(join(folder, databaseName), { recursive: true, mode: ownerOnly })
    await access(folder, constants.W_OK | constants.R_OK)
    await checkMarker(join(folder, markerName), folder)
    await closeToOthers(folder)
  } catch (error) {
    throw isQuireError(error)
      ? error
      : new QuireError(
          'folder-unwritable',
          `the data folder ${folder} cannot be used (${messageOf(error)}); free some space, correct its permissions, or name another`,
          {
            cause: error,
            details: { folder },
          },
        )
  }
}

/** Also one that was open before. Of a folder that holds other things too only the database is closed; one of another user is left. */
async function closeToOthers(folder: string): Promise<void> {
  const isQuires = (await readdir(folder)).every((name) => [markerName, socketName, databaseName].includes(name))
  for (const path of [...(isQuires ? [folder] : []), join(folder, databaseName)]) {
    if ((await stat(path)).uid === process.getuid?.()) {
      await chmod(path, ownerOnly).catch(() => {})
    }
  }
}

async function checkMarker(marker: string, folder: string): Promise<void> {
  const text = await readFile(marker, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') {
      return undefined
    }
    throw error
  })
  if (text === undefined) {
    await writeFile(marker, `${JSON.stringify({ format: 'quire', formatVersion })}\n`)
    return
  }
  const stored = Number((JSON.parse(text) as { readonly formatVersion?: number }).formatVersion)
  if (stored > formatVersion) {
    throw new QuireError(
      'folder-newer',
      `the data folder ${folder} has format ${stored}, this version knows ${formatVersion}; upgrade this process`,
      {
        details: { folder, stored, known: formatVersion },
      },
    )
  }
}

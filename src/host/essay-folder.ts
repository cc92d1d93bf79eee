import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../runtime/errors.ts'
import { CommandError } from './command-error.ts'
import { exitCodes } from './exit-codes.ts'

/** One essay of a folder; its id is its file name. */
export interface EssayFile {
  readonly id: string
  readonly text: string
}

export interface EssayFolder {
  readonly realPath: string
  readonly essays: readonly EssayFile[]
  /** Of names and contents: another digest is another batch. */
  readonly digest: string
}

/** Largest essay, bytes. */
export const mostBytes = 1_048_576

/**
 * Reads the `.txt` and `.md` files of a folder, sorted by name.
 * @throws CommandError naming the file and the remedy: missing or empty folder, a file that is unreadable, empty, too large or
 * not text, two names that are equal but for case
 */
export async function readEssayFolder(
  path: string,
  options: { readonly maxEssays: number; readonly only?: readonly string[] },
): Promise<EssayFolder> {
  const folder = await existingFolder(path)
  const names = (await readdir(folder)).filter((name) => /\.(txt|md)$/i.test(name) && (options.only?.includes(name) ?? true)).sort()
  if (names.length === 0) {
    throw refused(`the folder ${path} holds no .txt or .md file; put the essays there, one file each`)
  }
  if (names.length > options.maxEssays) {
    throw refused(`the folder ${path} holds ${names.length} essays, at most ${options.maxEssays} are allowed; split it`)
  }
  assertDistinct(names)
  const essays: EssayFile[] = []
  for (const name of names) {
    essays.push({ id: name.normalize('NFC'), text: await readEssay(join(folder, name), name) })
  }
  return { realPath: folder, essays, digest: digestOf(essays) }
}

async function existingFolder(path: string): Promise<string> {
  try {
    const folder = await realpath(path)
    if ((await stat(folder)).isDirectory()) {
      return folder
    }
  } catch (error) {
    throw refused(`the folder ${path} cannot be read (${messageOf(error)}); check its name and permissions`)
  }
  throw refused(`${path} is no folder; name the folder that holds the essays`)
}

/** Names that differ in case or composition alone are one file on some systems, and would be one essay id. */
function assertDistinct(names: readonly string[]): void {
  const seen = new Map<string, string>()
  for (const name of names) {
    const folded = name.normalize('NFC').toLowerCase()
    const other = seen.get(folded)
    if (other !== undefined) {
      throw refused(`'${other}' and '${name}' are the same name but for its case; rename one of them`)
    }
    seen.set(folded, name)
  }
}

async function readEssay(file: string, name: string): Promise<string> {
  const bytes = await readBytes(file, name)
  const text = decode(bytes, name)
  if (text.trim() === '') {
    throw refused(`'${name}' is empty; write something into it, or remove it`)
  }
  return text
}

async function readBytes(file: string, name: string): Promise<Buffer> {
  let found: Stats
  try {
    found = await stat(file)
    if (found.size <= mostBytes && found.isFile()) {
      return await readFile(file)
    }
  } catch (error) {
    throw refused(`'${name}' cannot be read (${messageOf(error)}); check its permissions`)
  }
  throw refused(
    found.isFile()
      ? `'${name}' has ${found.size} bytes, at most ${mostBytes} are allowed; shorten it`
      : `'${name}' is no file; remove or rename it`,
  )
}

function decode(bytes: Buffer, name: string): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (!text.includes('\u0000')) {
      return text
    }
  } catch {
    // Not UTF-8: refused below, like text with a NUL in it.
  }
  throw refused(`'${name}' is not text in UTF-8; save it as plain text`)
}

function digestOf(essays: readonly EssayFile[]): string {
  const hash = createHash('sha256')
  for (const { id, text } of essays) {
    hash.update(JSON.stringify([id, text]))
  }
  return hash.digest('hex').slice(0, 16)
}

function refused(message: string): CommandError {
  return new CommandError(exitCodes.badInput, message)
}

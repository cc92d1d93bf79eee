import { createHash } from 'node:crypto'
import { join } from 'node:path'
import envPaths from 'env-paths'
import { CommandError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'
import { isDataFolder } from '../../persistence/data-folder.ts'

/** Where stored batches are: a data folder or a Postgres. */
export type DataSource = { readonly dataDir: string } | string

export interface DataOptions {
  readonly data?: string
  readonly database?: string
}

/** Finds the data of the commands on stored batches: `--data`, `--database`, QUIRE_DATABASE_URL, QUIRE_DATA_DIR (rules 53). */
function dataSource(options: DataOptions, environment: NodeJS.ProcessEnv): DataSource | undefined {
  if (options.data !== undefined) {
    return { dataDir: folderOption(options.data) }
  }
  const url = options.database ?? given(environment['QUIRE_DATABASE_URL'])
  const folder = given(environment['QUIRE_DATA_DIR'])
  return url ?? (folder === undefined ? undefined : { dataDir: folder })
}

/** The data a command names. @throws CommandError when it names none */
export function namedSource(options: DataOptions, environment: NodeJS.ProcessEnv): DataSource {
  const source = dataSource(options, environment)
  if (source === undefined) {
    throw new CommandError(
      exitCodes.usage,
      'no data is named; give --data DIR or --database URL, or set QUIRE_DATABASE_URL or QUIRE_DATA_DIR',
    )
  }
  return source
}

/** The value of `--data`: an empty one, of a variable that is not set, would be the folder the shell stands in. */
export function folderOption(value: string): string {
  if (value === '') {
    throw new CommandError(exitCodes.usage, '--data is empty; name a folder')
  }
  return value
}

/** Looking makes no folder: a name that was mistyped would be one without batches. @throws CommandError naming it */
export function assertHoldsData(source: DataSource): void {
  const empty = folderWithoutData(source)
  if (empty !== undefined) {
    throw new CommandError(exitCodes.badInput, `${empty}; check --data or QUIRE_DATA_DIR (\`quire rank\` says where its data is)`)
  }
}

/** Says so of a folder that is none of Quire's, or not there. */
export function folderWithoutData(source: DataSource): string | undefined {
  const isEmpty = typeof source !== 'string' && !isDataFolder(source.dataDir)
  return isEmpty ? `the folder ${source.dataDir} holds no data of Quire` : undefined
}

/** A variable set to nothing is not set. */
function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}

/** The data folder of `rank FOLDER` without `--data`: in the user's state folder, keyed by the folder's real path. */
export function dataFolderFor(realPath: string): string {
  const key = createHash('sha256').update(realPath).digest('hex').slice(0, 16)
  return join(envPaths('quire', { suffix: '' }).data, 'rank', key)
}

import type { Database } from '../../persistence/database.ts'
import { classified } from '../../persistence/errors.ts'
import { migrate } from '../../persistence/migrate.ts'
import { survey } from '../../persistence/survey.ts'
import { CommandError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'
import { readSettings } from '../read-settings.ts'
import type { DataOptions } from './data.ts'
import { openDatabase } from './open-database.ts'
import { operatorsBatch } from './operators-batch.ts'
import type { Output } from './output.ts'

type Options = Readonly<Record<string, string | boolean | undefined>>

/** `quire migrate` brings the schema up to date, as a node does at its start; `--check` only says what it would run. */
export async function migrateCommand(options: Options, output: Output): Promise<void> {
  const { database, close } = await openDatabase(options as DataOptions)
  try {
    await (options['check'] === true ? check(database, output) : run(database, output))
  } finally {
    await close()
  }
}

async function check(database: Database, output: Output): Promise<void> {
  const { pending } = await stateOf(database)
  const upToDate = pending.length === 0
  const lines = upToDate
    ? ['the schema is up to date']
    : [`${pending.length} migrations have not run:`, ...pending.map((name) => `  ${name}`)]
  output.result({ upToDate, pending }, lines)
  process.exitCode = upToDate ? exitCodes.ok : exitCodes.pending
}

async function run(database: Database, output: Output): Promise<void> {
  const { pending, partitions } = await stateOf(database)
  await classified(() => migrate(database, { partitions, tables }))
  const lines =
    pending.length === 0 ? ['the schema was up to date'] : [`${pending.length} migrations ran:`, ...pending.map((name) => `  ${name}`)]
  output.result({ upToDate: true, applied: pending }, lines)
}

const tables = operatorsBatch().tables ?? []

/** What would run here. The number of partitions is the database's own; of a new one, the setting. @throws CommandError for a newer schema */
async function stateOf(database: Database): Promise<{ readonly pending: readonly string[]; readonly partitions: number }> {
  const { schema, pending } = await survey(database, tables)
  if (schema !== null && schema.unknown.length > 0) {
    throw new CommandError(
      exitCodes.newerVersion,
      `the database was migrated by a newer version (${schema.unknown.join(', ')} is unknown here); upgrade this package`,
    )
  }
  const stored = schema?.settings['partitions']
  return { pending, partitions: stored === undefined ? readSettings(process.env).mailboxPartitions : Number(stored) }
}

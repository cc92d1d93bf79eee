import type { Database } from '../../persistence/database.ts'
import { classified } from '../../persistence/errors.ts'
import { migrate } from '../../persistence/migrate.ts'
import { migrationsOf } from '../../persistence/survey.ts'
import type { Upkeep } from '../../persistence/upkeep.ts'
import { CommandError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'
import { readSettings } from '../read-settings.ts'
import type { DataOptions } from './data.ts'
import { openDatabase, openUpkeep } from './open-database.ts'
import { operatorsBatch } from './operators-batch.ts'
import type { Output } from './output.ts'

type Options = Readonly<Record<string, string | boolean | undefined>>

/** `quire migrate` brings the schema up to date, as a node does at its start; `--check` only says what it would run. */
export async function migrateCommand(options: Options, output: Output): Promise<void> {
  await (options['check'] === true ? check(options as DataOptions, output) : run(options as DataOptions, output))
}

async function check(options: DataOptions, output: Output): Promise<void> {
  const { upkeep, close } = await openUpkeep(options)
  const { pending } = await stateOf(upkeep).finally(close)
  const upToDate = pending.length === 0
  const lines = upToDate
    ? ['the schema is up to date']
    : [`${pending.length} migrations have not run:`, ...pending.map((name) => `  ${name}`)]
  output.result({ upToDate, pending }, lines)
  process.exitCode = upToDate ? exitCodes.ok : exitCodes.pending
}

async function run(options: DataOptions, output: Output): Promise<void> {
  const { database, upkeep, close } = await openDatabase(options)
  const pending = await migrated(database, upkeep).finally(close)
  const lines =
    pending.length === 0 ? ['the schema was up to date'] : [`${pending.length} migrations ran:`, ...pending.map((name) => `  ${name}`)]
  output.result({ upToDate: true, applied: pending }, lines)
}

async function migrated(database: Database, upkeep: Upkeep): Promise<readonly string[]> {
  const { pending, partitions } = await stateOf(upkeep)
  await classified(() => migrate(database, { partitions, tables }))
  return pending
}

const tables = operatorsBatch().tables ?? []

/** What would run here. The number of partitions is the database's own; of a new one, the setting. @throws CommandError for a newer schema */
async function stateOf(upkeep: Upkeep): Promise<{ readonly pending: readonly string[]; readonly partitions: number }> {
  const found = await upkeep.survey()
  const { pending, unknown } = migrationsOf(found, tables)
  if (unknown.length > 0) {
    throw new CommandError(
      exitCodes.newerVersion,
      `the database was migrated by a newer version (${unknown.join(', ')} is unknown here); upgrade this package`,
    )
  }
  const stored = found.schema?.settings['partitions']
  return { pending, partitions: stored === undefined ? readSettings(process.env).mailboxPartitions : Number(stored) }
}

import { type Kysely, sql, type Transaction } from 'kysely'
import type { TableDefinition } from '../runtime/define-actor.ts'
import { QuireError } from '../runtime/errors.ts'
import type { Database } from './database.ts'
import { migrations } from './migrations/index.ts'

/** Any two Quires that migrate wait for each other, whatever their schemas. */
const lockKey = 7_105_738_211

export interface MigrationSetup {
  readonly partitions: number
  readonly tables: readonly TableDefinition[]
  /** Which log the positions are of; absent: not checked. */
  readonly log?: string
}

/**
 * Brings the schema up to date, in one transaction under an advisory lock, and checks the number of partitions and the log.
 * @throws QuireError `schema-newer`, `partitions-mismatch`, `log-mismatch`
 */
export async function migrate(database: Database, setup: MigrationSetup): Promise<void> {
  await database.patient.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(${sql.lit(lockKey)})`.execute(transaction)
    await sql`create schema if not exists ${sql.id(database.schema)}`.execute(transaction)
    await sql`create table if not exists ${database.table('migrations')} (name text primary key, at timestamptz not null default now())`.execute(
      transaction,
    )
    const done = await appliedNames(database, transaction)
    assertNotNewer(done, setup.tables)
    for (const migration of [...migrations, ...setup.tables.flatMap(tenantMigrations)]) {
      if (!done.has(migration.name)) {
        await apply(migration, database, transaction)
      }
    }
    await fixPartitions(database, setup.partitions, transaction)
    await (setup.log === undefined ? undefined : fixLog(database, setup.log, transaction))
  })
}

/** Names of the migrations that this process knows, in the order in which they run. */
export function knownMigrations(tables: readonly TableDefinition[]): readonly string[] {
  return [...migrations, ...tables.flatMap(tenantMigrations)].map(({ name }) => name)
}

/** Names of those that ran. */
export async function appliedNames(database: Database, executor: Kysely<unknown>): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ name: string }>`select name from ${database.table('migrations')}`.execute(executor)
  return new Set(rows.map((row) => row.name))
}

function tenantMigrations(table: TableDefinition): { readonly name: string; readonly sql: string }[] {
  return table.migrations.map((text, index) => ({ name: `table ${table.name} ${String(index + 1).padStart(4, '0')}`, sql: text }))
}

/** Migrations of a newer version that ran. Those of tables nobody declares here may belong to another actor type. */
export function newerMigrations(done: ReadonlySet<string>, tables: readonly TableDefinition[]): readonly string[] {
  const known = new Set(knownMigrations(tables))
  const declared = tables.map((table) => `table ${table.name} `)
  return [...done].filter((name) => !known.has(name) && (!name.startsWith('table ') || declared.some((prefix) => name.startsWith(prefix))))
}

function assertNotNewer(done: ReadonlySet<string>, tables: readonly TableDefinition[]): void {
  const unknown = newerMigrations(done, tables)
  if (unknown.length > 0) {
    throw new QuireError(
      'schema-newer',
      `the database was migrated by a newer version (${unknown.join(', ')} is unknown here); upgrade this process`,
      {
        details: { unknown },
      },
    )
  }
}

async function apply(
  migration: { readonly name: string; readonly sql: string },
  database: Database,
  transaction: Transaction<unknown>,
): Promise<void> {
  const schema = `"${database.schema.replaceAll('"', '""')}"`
  for (const statement of migration.sql.replaceAll('{schema}', schema).split(/;\s*$/m)) {
    if (statement.trim() !== '') {
      await sql.raw(statement).execute(transaction)
    }
  }
  await sql`insert into ${database.table('migrations')} (name) values (${migration.name})`.execute(transaction)
}

/** Positions mean something in one log alone: a process with another log would skip its messages, or wait for ever. */
async function fixLog(database: Database, log: string, transaction: Transaction<unknown>): Promise<void> {
  const stored = await fixed(database, 'log', log, transaction)
  if (stored !== log) {
    throw new QuireError(
      'log-mismatch',
      `the mailbox of this database is ${stored}, this process is configured for ${log}; configure ${stored}`,
      { details: { stored, configured: log } },
    )
  }
}

/** A setting that holds for the life of the database: the first process to name it decides. */
async function fixed(database: Database, name: string, value: string, transaction: Transaction<unknown>): Promise<string> {
  const settings = database.table('settings')
  await sql`insert into ${settings} (name, value) values (${name}, ${value}) on conflict do nothing`.execute(transaction)
  const { rows } = await sql<{ value: string }>`select value from ${settings} where name = ${name}`.execute(transaction)
  return rows[0]?.value ?? value
}

/** The number of partitions is part of every address's place: it is fixed when the database is made. */
async function fixPartitions(database: Database, partitions: number, transaction: Transaction<unknown>): Promise<void> {
  const stored = Number(await fixed(database, 'partitions', String(partitions), transaction))
  if (stored !== partitions) {
    throw new QuireError(
      'partitions-mismatch',
      `the database has ${stored} mailbox partitions, this process is configured for ${partitions}; configure ${stored}`,
      {
        details: { stored, configured: partitions },
      },
    )
  }
  await sql`insert into ${database.table('partitions')} (id) select generate_series(0, ${partitions}::int4 - 1) on conflict do nothing`.execute(
    transaction,
  )
  await sql`insert into ${database.table('mailbox_heads')} (partition) select generate_series(0, ${partitions}::int4 - 1) on conflict do nothing`.execute(
    transaction,
  )
}

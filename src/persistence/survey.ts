import { sql } from 'kysely'
import type { Database } from './database.ts'
import { classified } from './errors.ts'
import type { TableDefinition } from '../runtime/define-actor.ts'
import { appliedNames, knownMigrations, newerMigrations } from './migrate.ts'

/** What a database says of itself; read without changing anything. */
export interface Survey {
  readonly version: string
  /** The database's clock, ms since the epoch. */
  readonly now: number
  /** Migrations that did not run yet: all of them on a new schema. */
  readonly pending: readonly string[]
  /** Null when Quire was never started on this schema. */
  readonly schema: SchemaSurvey | null
}

export interface SchemaSurvey {
  /** Migrations of Quire that did not run yet, and those of a newer version that did. */
  readonly pending: readonly string[]
  readonly unknown: readonly string[]
  /** Fixed when the database was made: `partitions`, `log`. */
  readonly settings: Readonly<Record<string, string>>
  /** Actors that stand still, first addresses. */
  readonly parked: readonly string[]
  readonly deadLetters: number
}

/** @param tables of the actor types that will run here */
export async function survey(database: Database, tables: readonly TableDefinition[]): Promise<Survey> {
  return await classified(async () => {
    const { rows } = await sql<{ version: string; now: string; there: boolean }>`
      select version() as version, (extract(epoch from clock_timestamp()) * 1000)::float8::text as now,
        to_regclass(${`"${database.schema}".migrations`}) is not null as there`.execute(database.kysely)
    const [row] = rows
    const schema = row?.there === true ? await surveySchema(database, tables) : null
    return { version: row?.version ?? '', now: Number(row?.now), pending: schema?.pending ?? knownMigrations(tables), schema }
  })
}

async function surveySchema(database: Database, tables: readonly TableDefinition[]): Promise<SchemaSurvey> {
  const names = await appliedNames(database, database.kysely)
  const pending = knownMigrations(tables).filter((name) => !names.has(name))
  const unknown = newerMigrations(names, tables)
  if (pending.length > 0 && !names.has('0001-initial')) {
    return { pending, unknown, settings: {}, parked: [], deadLetters: 0 }
  }
  const { rows: settings } = await sql<{ name: string; value: string }>`select name, value from ${database.table('settings')}`.execute(
    database.kysely,
  )
  const { rows: parked } = await sql<{ address: string }>`
    select address from ${database.table('actors')} where parked is not null order by address limit 100`.execute(database.kysely)
  const { rows: letters } = await sql<{ count: number }>`
    select count(*)::int4 as count from ${database.table('dead_letters')} where not replayed`.execute(database.kysely)
  return {
    pending,
    unknown,
    settings: Object.fromEntries(settings.map(({ name, value }) => [name, value])),
    parked: parked.map((row) => row.address),
    deadLetters: letters[0]?.count ?? 0,
  }
}

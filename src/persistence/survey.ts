import { sql } from 'kysely'
import type { Database } from './database.ts'
import { classified } from './errors.ts'
import type { TableDefinition } from '../runtime/define-actor.ts'
import type { WrittenBy } from '../runtime/ports.ts'
import { appliedNames, knownMigrations, newerMigrations } from './migrate.ts'
import { readWrittenBy } from './read/actors.ts'

/** What a database says of itself; read without changing anything. */
export interface Survey {
  readonly version: string
  /** The database's clock, ms since the epoch. */
  readonly now: number
  /** Null when Quire was never started on this schema. */
  readonly schema: SchemaSurvey | null
}

export interface Migrations {
  readonly pending: readonly string[]
  readonly unknown: readonly string[]
}

export interface SchemaSurvey {
  /** Names of the migrations that ran. */
  readonly applied: readonly string[]
  /** Fixed when the database was made: `partitions`, `log`. */
  readonly settings: Readonly<Record<string, string>>
  /** Active actors by what wrote them. */
  readonly writtenBy: readonly WrittenBy[]
  /** Actors that stand still, first addresses. */
  readonly parked: readonly string[]
  readonly deadLetters: number
}

export async function survey(database: Database): Promise<Survey> {
  return await classified(async () => {
    const { rows } = await sql<{ version: string; now: string; there: boolean }>`
      select version() as version, (extract(epoch from clock_timestamp()) * 1000)::float8::text as now,
        to_regclass(${`"${database.schema}".migrations`}) is not null as there`.execute(database.kysely)
    const [row] = rows
    const schema = row?.there === true ? await surveySchema(database) : null
    return { version: row?.version ?? '', now: Number(row?.now), schema }
  })
}

/**
 * Migrations that did not run yet, all of them on a new schema, and those of a newer version that did: as this process knows them,
 * not the one that took the survey.
 * @param tables of the actor types that will run here
 */
export function migrationsOf({ schema }: Survey, tables: readonly TableDefinition[]): Migrations {
  const names = new Set(schema?.applied)
  return { pending: knownMigrations(tables).filter((name) => !names.has(name)), unknown: newerMigrations(names, tables) }
}

async function surveySchema(database: Database): Promise<SchemaSurvey> {
  const names = await appliedNames(database, database.kysely)
  if (!names.has('0001-initial')) {
    return { applied: [...names], settings: {}, writtenBy: [], parked: [], deadLetters: 0 }
  }
  const { rows: settings } = await sql<{ name: string; value: string }>`select name, value from ${database.table('settings')}`.execute(
    database.kysely,
  )
  const { rows: parked } = await sql<{ address: string }>`
    select address from ${database.table('actors')} where parked is not null order by address limit 100`.execute(database.kysely)
  const { rows: letters } = await sql<{ count: number }>`
    select count(*)::int4 as count from ${database.table('dead_letters')} where not replayed`.execute(database.kysely)
  return {
    applied: [...names],
    settings: Object.fromEntries(settings.map(({ name, value }) => [name, value])),
    writtenBy: await readWrittenBy(database),
    parked: parked.map((row) => row.address),
    deadLetters: letters[0]?.count ?? 0,
  }
}

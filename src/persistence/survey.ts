import { sql } from 'kysely'
import type { Database } from './database.ts'
import { classified } from './errors.ts'
import { migrations } from './migrations/index.ts'

/** What a database says of itself; read without changing anything. */
export interface Survey {
  readonly version: string
  /** The database's clock, ms since the epoch. */
  readonly now: number
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

export async function survey(database: Database): Promise<Survey> {
  return await classified(async () => {
    const { rows } = await sql<{ version: string; now: string; there: boolean }>`
      select version() as version, (extract(epoch from clock_timestamp()) * 1000)::float8::text as now,
        to_regclass(${`"${database.schema}".migrations`}) is not null as there`.execute(database.kysely)
    const [row] = rows
    return { version: row?.version ?? '', now: Number(row?.now), schema: row?.there === true ? await surveySchema(database) : null }
  })
}

async function surveySchema(database: Database): Promise<SchemaSurvey> {
  const { rows: done } = await sql<{ name: string }>`select name from ${database.table('migrations')}`.execute(database.kysely)
  const names = new Set(done.map((row) => row.name))
  const known = new Set(migrations.map((migration) => migration.name))
  const pending = [...known].filter((name) => !names.has(name))
  const unknown = [...names].filter((name) => !known.has(name) && !name.startsWith('table '))
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

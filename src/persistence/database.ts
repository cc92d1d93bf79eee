import { PGlite } from '@electric-sql/pglite'
import { Kysely, type RawBuilder, sql } from 'kysely'
import pg from 'pg'
import type { Clock } from '../runtime/ports.ts'
import { atMost } from '../runtime/time-limit.ts'
import { guard, pgDialect, pgliteDialect, type PgPool } from './dialect.ts'
import { classified } from './errors.ts'
import { createListener, type Listener } from './listener.ts'
import { connectSession, goodbyeMs } from './postgres-session.ts'
import type { Session } from './session.ts'

/** A connected database and the schema Quire uses in it. Queries are Kysely's `sql`, tables named with their schema. */
export interface Database {
  readonly kind: 'postgres' | 'pglite'
  readonly schema: string
  readonly kysely: Kysely<unknown>
  /** The same connections, with time for what takes long: migrations, and waiting for those of others. */
  readonly patient: Kysely<unknown>
  /** A table of the schema, for use in `sql`. */
  table(name: string): RawBuilder<unknown>
  /** Notices of other processes; those of this one come at once. */
  readonly listener: Listener
  /** A connection of its own, for a session lock. Absent in PGlite, whose folder is locked instead. */
  readonly openSession: (() => Promise<Session>) | undefined
  close(): Promise<void>
}

export interface PostgresOptions {
  /** `postgres://...`, or a pool of the host, which is used and not ended; sessions are opened as its connections are. */
  readonly server: string | PgPool
  readonly schema: string
  readonly clock: Clock
  /** Named statements; off behind pgbouncer in transaction mode. Default true. */
  readonly preparedStatements?: boolean
  /** Shown in pg_stat_activity; default `quire`. A host's pool has its own. */
  readonly applicationName?: string
  /** A query without an answer by then is given up with its connection, ms. Default 15,000. */
  readonly queryTimeoutMs?: number
}

/** For migrations, ms. */
const patienceMs = 600_000

/** int8 as a safe integer: positions and times stay far below 2^53; a larger one is a fault, said loudly. */
function safeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) {
    throw new Error(`the integer ${text} of the database is beyond 2^53`)
  }
  return value
}

const int8 = 20
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => (oid === int8 ? safeInteger : pg.types.getTypeParser(oid, format ?? 'text')),
} as pg.CustomTypesConfig

/** A pool of connections to Postgres. Connects when first used: a server that is away is no error here. */
export function openPostgres(options: PostgresOptions): Database {
  const { clock, server, schema, queryTimeoutMs = 15_000, preparedStatements: prepared = true } = options
  const isOurs = typeof server === 'string'
  const pool: PgPool = isOurs ? new pg.Pool(configOf(server, options)) : server
  // An idle client whose server goes away emits an error; the next query meets it and is classified there.
  pool.on('error', metByNextQuery)
  pool.on('connect', guard)
  const config = { ...optionsOf(pool), types, query_timeout: queryTimeoutMs }
  const openSession = () => classified(() => connectSession(config, clock))
  const kysely = new Kysely<unknown>({ dialect: pgDialect(pool, { prepared, queryTimeoutMs, types }) })
  const listener = createListener(schema, openSession, clock)
  return {
    kind: 'postgres',
    schema,
    kysely,
    // Without names: a migration's text is used once.
    patient: new Kysely<unknown>({ dialect: pgDialect(pool, { prepared: false, queryTimeoutMs: patienceMs, types }) }),
    table: (name) => sql.id(schema, name),
    listener,
    openSession,
    async close() {
      await listener.close()
      await kysely.destroy()
      if (isOurs) {
        // It has ended before its connections have, whose errors it still tells: it is listened to for good.
        await atMost(clock, goodbyeMs, pool.end(), () => undefined)
      } else {
        pool.off('error', metByNextQuery)
        pool.off('connect', guard)
      }
    },
  }
}

const metByNextQuery = (): void => undefined

function configOf(connectionString: string, { applicationName = 'quire' }: PostgresOptions): pg.PoolConfig {
  return { connectionString, application_name: applicationName, connectionTimeoutMillis: 5_000, keepAlive: true, max: 10 }
}

/** What a connection of the pool is made with. pg hides its secrets from a copy of all fields. */
function optionsOf({ options }: PgPool): pg.ClientConfig {
  const { password, ssl } = options as pg.ClientConfig
  return { ...options, ...(password === undefined ? {} : { password }), ...(ssl === undefined ? {} : { ssl }) }
}

export interface PGliteOptions {
  readonly dataDir: string
  readonly schema: string
  readonly clock: Clock
}

/** An embedded Postgres in a folder. The caller holds the folder's lock: PGlite itself takes none. */
export async function openPGlite(options: PGliteOptions): Promise<Database> {
  const pglite = await classified(() => PGlite.create(options.dataDir, { parsers: { [int8]: safeInteger } }))
  const kysely = new Kysely<unknown>({ dialect: pgliteDialect(pglite) })
  const listener = createListener(options.schema, undefined, options.clock)
  return {
    kind: 'pglite',
    schema: options.schema,
    kysely,
    patient: kysely,
    table: (name) => sql.id(options.schema, name),
    listener,
    openSession: undefined,
    async close() {
      await listener.close()
      await kysely.destroy()
    },
  }
}

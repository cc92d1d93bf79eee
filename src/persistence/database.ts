import { PGlite } from '@electric-sql/pglite'
import { Kysely, type RawBuilder, sql } from 'kysely'
import pg from 'pg'
import type { Clock } from '../runtime/ports.ts'
import { atMost } from '../runtime/time-limit.ts'
import { pgDialect, pgliteDialect } from './dialect.ts'
import { classified } from './errors.ts'
import { createListener, type Listener } from './listener.ts'
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
  readonly url: string
  readonly schema: string
  readonly clock: Clock
  /** Named statements; off behind pgbouncer in transaction mode. Default true. */
  readonly preparedStatements?: boolean
  /** Connections of the pool. Default 10. */
  readonly connections?: number
  /** Shown in pg_stat_activity; default `quire`. */
  readonly applicationName?: string
  /** A query without an answer by then is given up with its connection, ms. Default 15,000. */
  readonly queryTimeoutMs?: number
}

/** For migrations, ms. */
const patienceMs = 600_000
/** A session nobody asks anything is looked at this often, ms. */
const heartbeatMs = 5_000
/** Closing takes no longer, ms: over a path that was lost nobody says goodbye. */
const goodbyeMs = 3_000
const gone = (): void => {}

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
}

/** A pool of connections to Postgres. Connects when first used: a server that is away is no error here. */
export function openPostgres(options: PostgresOptions): Database {
  const config = {
    connectionString: options.url,
    application_name: options.applicationName ?? 'quire',
    types: types as pg.CustomTypesConfig,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  }
  const queryTimeoutMs = options.queryTimeoutMs ?? 15_000
  const pool = new pg.Pool({ ...config, max: options.connections ?? 10 })
  // An idle client whose server goes away emits an error; the next query meets it and is classified there.
  pool.on('error', () => undefined)
  // So does one that is lent out, and without a listener that would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined))
  const openSession = () => classified(() => connectSession({ ...config, query_timeout: queryTimeoutMs }, options.clock))
  const prepared = options.preparedStatements ?? true
  const kysely = new Kysely<unknown>({ dialect: pgDialect(pool, { prepared, queryTimeoutMs }) })
  const listener = createListener(options.schema, openSession, options.clock)
  return {
    kind: 'postgres',
    schema: options.schema,
    kysely,
    // Without names: those of one connection must not mean two texts.
    patient: new Kysely<unknown>({ dialect: pgDialect(pool, { prepared: false, queryTimeoutMs: patienceMs }) }),
    table: (name) => sql.id(options.schema, name),
    listener,
    openSession,
    async close() {
      await listener.close()
      await atMost(options.clock, goodbyeMs, kysely.destroy(), gone)
    },
  }
}

/** The server ends a session whose process has vanished after 25 s, and its lock falls; its own default is two hours. */
const keepAlives = 'set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3'

async function connectSession(config: pg.ClientConfig, clock: Clock): Promise<Session> {
  const client = new pg.Client(config)
  const ends: (() => void)[] = []
  let ended = false
  let cancelBeat = (): void => {}
  const end = (): void => {
    if (!ended) {
      ended = true
      cancelBeat()
      for (const call of ends) {
        call()
      }
    }
  }
  client.on('error', end)
  client.on('end', end)
  const close = async (): Promise<void> => {
    const goodbye = client.end().catch(() => undefined)
    await (ended ? undefined : atMost(clock, goodbyeMs, goodbye, gone))
    end()
  }
  /** Both ends may hold a connection for good whose path was lost: only a question finds out. */
  const beat = (): void => {
    cancelBeat = clock.schedule(heartbeatMs, () => void client.query('select 1').then(() => ended || beat(), close))
  }
  try {
    await client.connect()
    await client.query(keepAlives)
  } catch (error) {
    void close()
    throw error
  }
  beat()
  return {
    query: async (text, values) => (await classified(() => client.query(text, [...values]))).rows as Record<string, unknown>[],
    onEnd(call) {
      ended ? call() : ends.push(call)
    },
    close,
    onNotice(call) {
      client.on('notification', (message) => call(message.channel))
    },
  }
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

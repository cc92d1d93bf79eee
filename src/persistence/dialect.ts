import { createHash } from 'node:crypto'
import { PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely'

/** Of `pg`, what is used: a pool of clients that take `{ name, text, values }`. */
export interface PgPool {
  /** What its connections are made with. */
  readonly options: object
  connect(): Promise<PgClient>
  end(): Promise<void>
  on(event: 'error', listener: () => void): unknown
  on(event: 'connect', listener: (client: PgClient) => void): unknown
  off(event: 'error', listener: () => void): unknown
  off(event: 'connect', listener: (client: PgClient) => void): unknown
}
export interface PgClient {
  on(event: 'error', listener: () => void): unknown
  listeners(event: 'error'): readonly unknown[]
  query(query: { name?: string; text: string; values: unknown[]; query_timeout: number; types: object }): Promise<{
    readonly command: string
    readonly rowCount: number | null
    readonly rows: unknown[]
  }>
  release(error?: unknown): void
}

/** Of PGlite, what is used. */
export interface PGliteLike {
  query(text: string, values: unknown[]): Promise<{ readonly rows: unknown[]; readonly affectedRows?: number }>
  close(): Promise<void>
}

type Command = 'UPDATE' | 'DELETE' | 'INSERT' | 'SELECT' | 'MERGE'

export interface PgDialectOptions {
  /** Named statements; off behind a pgbouncer in transaction mode. */
  readonly prepared: boolean
  /** A query that has no answer by then is given up with its connection, ms: nobody tells of a path that was lost. */
  readonly queryTimeoutMs: number
  /** pg's parsers by type, the same whatever the pool was made with. */
  readonly types: object
}

/**
 * Kysely on a pg pool, which is not ended with it. Kysely sends no named statements; here each text gets a name, so that Postgres
 * parses and plans it once a connection.
 */
export function pgDialect(pool: PgPool, options: PgDialectOptions): PostgresDialect {
  const names = new Map<string, string>()
  const nameOf = (text: string): string => {
    const name = names.get(text) ?? statementName(text)
    names.set(text, name)
    return name
  }
  const trust = createTrust()
  const connect = async () => {
    const client = await trustedClient(pool, trust)
    return lentClient(client, { ...options, nameOf: options.prepared ? nameOf : undefined, onBroken: trust.lose })
  }
  return new PostgresDialect({ pool: { connect, end: async () => {} } as PostgresPool })
}

/** By its text: several Quires may share a pool, and a name must never mean two texts. */
function statementName(text: string): string {
  return `quire_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
}

/** Where one connection was lost the idle ones are lost, too, and each would cost a time limit to find out: none is used again. */
function createTrust() {
  const made = new WeakMap<PgClient, number>()
  let losses = 0
  return {
    lose() {
      losses += 1
    },
    holds(client: PgClient): boolean {
      const since = made.get(client) ?? losses
      made.set(client, since)
      return since === losses
    },
  }
}

async function trustedClient(pool: PgPool, trust: ReturnType<typeof createTrust>): Promise<PgClient> {
  for (;;) {
    const client = await pool.connect()
    // One that a host's pool made before Quire began.
    guard(client)
    if (trust.holds(client)) {
      return client
    }
    client.release(true)
  }
}

/** begin, commit and rollback are cheaper unnamed. */
const worthAName = /^\s*(with|select|insert|update|delete)/i

interface ClientUse extends Omit<PgDialectOptions, 'prepared'> {
  readonly nameOf: ((text: string) => string) | undefined
  readonly onBroken: () => void
}

/** The query under way meets the error too, and is classified by it. */
const metByQuery = (): void => undefined

/**
 * The pool listens to the errors of idle clients alone. One that is lent out, or that the server ends with the very bytes that open
 * it, would end the process by its error: it is listened to from its connection on.
 */
export function guard(client: PgClient): void {
  if (!client.listeners('error').includes(metByQuery)) {
    client.on('error', metByQuery)
  }
}

function lentClient(client: PgClient, { nameOf, queryTimeoutMs, types, onBroken }: ClientUse): PostgresPoolClient {
  let broken: unknown
  const query = async (text: string, values: readonly unknown[] = []) => {
    const name = nameOf !== undefined && worthAName.test(text) ? { name: nameOf(text) } : {}
    try {
      const result = await client.query({ ...name, text, values: [...values], query_timeout: queryTimeoutMs, types })
      return { command: result.command as Command, rowCount: result.rowCount ?? 0, rows: result.rows }
    } catch (error) {
      if (broken === undefined && !isAnswer(error)) {
        broken = error
        onBroken()
      }
      throw error
    }
  }
  return { query, release: () => client.release(broken) } as PostgresPoolClient
}

/** True for an error that the server sent and after which the connection goes on. */
function isAnswer(error: unknown): boolean {
  const { severity, code } = error as { readonly severity?: string; readonly code?: string }
  return severity !== undefined && !/^(57P|08)/.test(code ?? '')
}

/** Kysely on PGlite: one connection, handed out to one user at a time, so that transactions do not mix. */
export function pgliteDialect(pglite: PGliteLike): PostgresDialect {
  let last: Promise<void> = Promise.resolve()
  const connect = async (): Promise<PostgresPoolClient> => {
    const before = last
    let release = (): void => {}
    last = new Promise((resolve) => {
      release = resolve
    })
    await before
    const query = async (text: string, values: readonly unknown[] = []) => {
      const result = await pglite.query(text, [...values])
      return { command: commandOf(text), rowCount: result.affectedRows ?? 0, rows: result.rows }
    }
    return { query, release } as PostgresPoolClient
  }
  return new PostgresDialect({ pool: { connect, end: () => pglite.close() } as PostgresPool })
}

/** The last verb of the main statement, which tells Kysely whether rows were affected. */
function commandOf(text: string): Command {
  return /^\s*(update|delete|insert)/i.test(text) ? (text.trim().slice(0, 6).toUpperCase() as Command) : 'SELECT'
}

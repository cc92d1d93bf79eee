import { PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely'

/** Of `pg`, what is used: a pool of clients that take `{ name, text, values }`. */
export interface PgPool {
  connect(): Promise<PgClient>
  end(): Promise<void>
}
export interface PgClient {
  query(query: { name?: string; text: string; values: unknown[] }): Promise<{
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

/**
 * Kysely on a pg pool. Kysely sends no named statements; here each text gets a name, so that Postgres parses and plans it once
 * a connection. Switch that off (`prepared: false`) behind a pgbouncer in transaction mode.
 */
export function pgDialect(pool: PgPool, prepared: boolean): PostgresDialect {
  const names = new Map<string, string>()
  const nameOf = (text: string): string => {
    const name = names.get(text) ?? `quire_${names.size}`
    names.set(text, name)
    return name
  }
  return new PostgresDialect({
    pool: { connect: async () => namedClient(await pool.connect(), prepared ? nameOf : undefined), end: () => pool.end() } as PostgresPool,
  })
}

/** begin, commit and rollback are cheaper unnamed. */
const worthAName = /^\s*(with|select|insert|update|delete)/i

function namedClient(client: PgClient, nameOf: ((text: string) => string) | undefined): PostgresPoolClient {
  const query = async (text: string, values: readonly unknown[] = []) => {
    const name = nameOf !== undefined && worthAName.test(text) ? { name: nameOf(text) } : {}
    const result = await client.query({ ...name, text, values: [...values] })
    return { command: result.command as Command, rowCount: result.rowCount ?? 0, rows: result.rows }
  }
  return { query, release: () => client.release() } as PostgresPoolClient
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

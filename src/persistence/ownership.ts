import { createHash } from 'node:crypto'
import type { Clock, Ownership, OwnershipListener, Random } from '../runtime/ports.ts'
import type { Database } from './database.ts'
import type { Session } from './session.ts'

export interface OwnershipParts {
  readonly database: Database
  readonly partitions: number
  readonly clock: Clock
  readonly random: Random
}

/** How often a process without the lock asks for it, ms. */
const askMs = 1_000

/**
 * Table mode has one owner at a time (rules 14). On Postgres a session advisory lock decides, so that it falls with its
 * process or connection; in a PGlite folder the folder's own lock was taken before the database was opened.
 */
export function createTableOwnership(parts: OwnershipParts): Ownership {
  const all = Array.from({ length: parts.partitions }, (_, index) => index)
  const { openSession } = parts.database
  if (openSession === undefined) {
    return { start: (listener) => listener.assigned(all), stop: async () => {} }
  }
  return new LockOwnership(parts, all, openSession)
}

class LockOwnership implements Ownership {
  readonly #parts: OwnershipParts
  readonly #all: readonly number[]
  readonly #openSession: () => Promise<Session>
  readonly #key: string
  #session: Session | undefined
  #stopped = false
  #cancel: (() => void) | undefined

  constructor(parts: OwnershipParts, all: readonly number[], openSession: () => Promise<Session>) {
    this.#parts = parts
    this.#all = all
    this.#openSession = openSession
    this.#key = BigInt.asIntN(
      64,
      BigInt(`0x${createHash('sha256').update(`quire ${parts.database.schema}`).digest('hex').slice(0, 16)}`),
    ).toString()
  }

  start(listener: OwnershipListener): void {
    void this.#ask(listener)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel?.()
    await this.#session?.close()
  }

  async #ask(listener: OwnershipListener): Promise<void> {
    try {
      this.#session ??= await this.#connect(listener)
      const [row] = await this.#session.query('select pg_try_advisory_lock($1) as won', [this.#key])
      if (this.#stopped) {
        await this.#session.close()
      } else if (row?.['won'] === true) {
        listener.assigned(this.#all)
        return
      } else {
        listener.standby(await this.#holder(this.#session))
      }
    } catch {
      // The database is away; its connection machine says so. The lock is asked for again below.
    }
    this.#again(listener)
  }

  async #connect(listener: OwnershipListener): Promise<Session> {
    const session = await this.#openSession()
    session.onEnd(() => {
      this.#session = undefined
      listener.revoked(this.#all)
      this.#again(listener)
    })
    return session
  }

  async #holder(session: Session): Promise<string | undefined> {
    const [row] = await session.query(
      `select a.application_name || ', process ' || a.pid || coalesce(' at ' || host(a.client_addr), '') as name
       from pg_locks l join pg_stat_activity a on a.pid = l.pid
       where l.locktype = 'advisory' and l.granted and ((l.classid::int8 << 32) | l.objid::int8) = $1::int8`,
      [this.#key],
    )
    return row === undefined ? undefined : String(row['name'])
  }

  #again(listener: OwnershipListener): void {
    this.#cancel?.()
    if (!this.#stopped) {
      this.#cancel = this.#parts.clock.schedule(askMs * (0.5 + this.#parts.random.next()), () => void this.#ask(listener))
    }
  }
}

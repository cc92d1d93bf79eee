import { sql } from 'kysely'
import type { Clock } from '../runtime/ports.ts'
import type { Database } from './database.ts'
import type { Notice } from './listener.ts'

/** Notices to other processes are gathered for this time, ms: NOTIFY takes a lock that all commits of a database share. */
const gatherMs = 10

/**
 * Tells other processes that something was appended or committed, at most once in 10 ms and outside any transaction. A notice
 * that is lost costs them the second until their next look.
 */
export function announceElsewhere(database: Database, notice: Notice, clock: Clock): () => void {
  const channel = database.listener.channelOf(notice)
  let gathering = false
  return () => {
    if (channel === undefined || gathering) {
      return
    }
    gathering = true
    clock.schedule(gatherMs, () => {
      gathering = false
      sql`select pg_notify(${channel}, '')`.execute(database.kysely).catch(() => undefined)
    })
  }
}

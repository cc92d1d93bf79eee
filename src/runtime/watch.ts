import type { Changes } from './changes.ts'
import type { Connection } from './connection.ts'
import type { Json } from './define-actor.ts'
import { isQuireError } from './errors.ts'
import { partitionOf } from './message.ts'
import type { Store } from './ports.ts'
import type { JournalRow } from './turn-rows.ts'

/** One committed step, as `watch` shows it. */
export interface Transition {
  readonly address: string
  readonly seq: number
  readonly kind: JournalRow['kind']
  readonly messageId: string
  /** ms since the epoch. */
  readonly at: number
  readonly event: Json
  readonly state: string
  readonly transitions: readonly string[]
  readonly notes: readonly Json[]
  /** Why nothing was stepped, else null. */
  readonly ignored: string | null
  /** Where the journal holds it: the iterator resumes after such a position. */
  readonly position: { readonly partition: number; readonly entry: number }
}

export interface WatchOptions {
  /** Positions to go on after; partitions not named are read from their beginning. Absent: from now on. */
  readonly after?: readonly Transition['position'][]
  /** Ends the iterator within a second, also while nothing is committed. */
  readonly signal?: AbortSignal
}

export interface WatchParts {
  readonly store: Pick<Store, 'feed' | 'journalEnds'>
  readonly connection: Pick<Connection, 'use'>
  readonly changes: Changes
  readonly partitions: number
}

const pageSize = 500

/**
 * Follows committed transitions of one address, or of all that start with a pattern's text before `*`.
 * It reads the journal at the pace of the reader, so a slow one costs no memory. Ends when the runtime stops.
 */
export async function* watch(pattern: string, options: WatchOptions, parts: WatchParts): AsyncGenerator<Transition, void, void> {
  const positions = await startOf(pattern, options.after, parts)
  const matches = pattern.endsWith('*')
    ? (address: string) => address.startsWith(pattern.slice(0, -1))
    : (address: string) => address === pattern
  const read = async (): Promise<readonly JournalRow[] | undefined> => {
    if (options.signal?.aborted === true) {
      return []
    }
    const rows = await parts.connection.use(() => parts.store.feed([...positions.values()], pageSize))
    return rows.length === 0 ? undefined : rows
  }
  for (;;) {
    const rows = await parts.changes.until(undefined, read, Number.POSITIVE_INFINITY).catch(endWhenStopped)
    if (rows === undefined || rows.length === 0) {
      return
    }
    for (const row of rows) {
      positions.set(row.partition, { partition: row.partition, entry: row.entry })
      if (matches(row.address)) {
        yield transitionOf(row)
      }
    }
  }
}

async function startOf(
  pattern: string,
  after: readonly { readonly partition: number; readonly entry: number }[] | undefined,
  parts: WatchParts,
): Promise<Map<number, { readonly partition: number; readonly entry: number }>> {
  const ids = pattern.endsWith('*')
    ? Array.from({ length: parts.partitions }, (_, index) => index)
    : [partitionOf(pattern, parts.partitions)]
  const given = new Map((after ?? []).map((position) => [position.partition, position]))
  const ends = await parts.connection.use(() => parts.store.journalEnds(ids))
  return new Map(
    ids.map((partition, index) => [
      partition,
      given.get(partition) ?? { partition, entry: after === undefined ? (ends[index] ?? -1) : -1 },
    ]),
  )
}

function endWhenStopped(error: unknown): undefined {
  if (isQuireError(error, 'stopped')) {
    return undefined
  }
  throw error
}

export function transitionOf(row: JournalRow): Transition {
  return {
    address: row.address,
    seq: row.seq,
    kind: row.kind,
    messageId: row.messageId,
    at: row.at,
    event: JSON.parse(row.event) as Json,
    state: row.state,
    transitions: row.transitions,
    notes: row.notes === null ? [] : (JSON.parse(row.notes) as Json[]),
    ignored: row.ignored,
    position: { partition: row.partition, entry: row.entry },
  }
}

import type { Connection } from './connection.ts'
import type { Mailbox, Store } from './ports.ts'

export interface IdleParts {
  readonly store: Pick<Store, 'claims' | 'outbox' | 'tasks'>
  readonly mailbox: Pick<Mailbox, 'ends'>
  readonly connection: Pick<Connection, 'use'>
  /** The connection of the mailbox's server. */
  readonly log: Pick<Connection, 'use'>
}

/**
 * Whether the log is read, the outbox is empty and no task is open. These are several questions, and work moves on between them: by
 * a commit from a message to a task or an output, by a delivery from the outbox to the log. So the end of the log is asked for after
 * the outbox, and what looks idle is so only if nothing was committed meanwhile; who waits is woken by that commit and asks again.
 */
export async function isIdle(partitions: readonly number[], { store, mailbox, connection, log }: IdleParts): Promise<boolean> {
  const positions = async (): Promise<ReadonlyMap<number, readonly number[]>> => {
    const claims = await connection.use(() => store.claims(partitions))
    return new Map(claims.map(({ partition, nextOffset, nextEntry }) => [partition, [nextOffset, nextEntry]]))
  }
  const before = await positions()
  const from = partitions.map((partition) => ({ partition, entry: 0 }))
  const [outbox, tasks] = await connection.use(() => Promise.all([store.outbox(from, 1), store.tasks(partitions, 1)]))
  if (outbox.length + tasks.length > 0) {
    return false
  }
  // Each server's answer by its own connection: a broker that has no leader yet is waited for, not told to the caller.
  const ends = await log.use(() => mailbox.ends(partitions))
  const after = await positions()
  return partitions.every((partition, index) => {
    const [nextOffset = 0, nextEntry] = after.get(partition) ?? []
    const [offsetBefore = 0, entryBefore] = before.get(partition) ?? []
    return nextOffset >= (ends[index] ?? 0) && nextOffset === offsetBefore && nextEntry === entryBefore
  })
}

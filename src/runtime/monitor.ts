import type { MonitorRound } from '../machines/supervisor.machine.ts'
import type { Archive } from './archive.ts'
import type { Clock, Ids, Logger, Mailbox, Store, StuckActor } from './ports.ts'
import { archiveOver, type RetentionTerm } from './retention.ts'

export interface MonitorParts {
  readonly store: Pick<Store, 'stuck' | 'counts' | 'actor' | 'trim' | 'over' | 'storedOf'>
  readonly mailbox: Pick<Mailbox, 'append'>
  readonly clock: Clock
  readonly ids: Ids
  readonly logger: Logger
  readonly owned: () => readonly number[]
  readonly now: () => number
  readonly mailboxRetentionMs: number
  readonly terms: readonly RetentionTerm[]
  readonly archive?: Archive
  /** After every round, with the actors that were woken: in health none. */
  readonly onRound: (woken: readonly string[]) => void
}

/** Actors woken in one round at most; the next round takes the rest. */
const roundSize = 1_000

/**
 * One round of the monitor, recovery only: runs the proof query, wakes what has no next cause, logs the heartbeat.
 * In health it finds nothing; anything else is an alarm that names the actors (design, promise 5).
 */
export async function monitorRound(parts: MonitorParts): Promise<MonitorRound> {
  const { store, logger, owned, now, mailboxRetentionMs } = parts
  const partitions = owned()
  const stuck = await store.stuck(partitions, roundSize)
  await wake(stuck, parts)
  const counts = await store.counts(partitions)
  const oldestAgeMs = counts.oldestActiveAt === null ? 0 : now() - counts.oldestActiveAt
  const heartbeat = {
    checked: counts.active,
    waiting: counts.waiting,
    stuck: stuck.length,
    recovered: stuck.length,
    failed: counts.failed,
    oldestAgeMs,
  }
  logger.info(heartbeat, 'heartbeat')
  const addresses = stuck.map((actor) => actor.address)
  if (addresses.length > 0) {
    logger.error({ stuck: addresses }, `${stuck.length} actors had no next cause and were woken: ${addresses.slice(0, 10).join(', ')}`)
  }
  parts.onRound(addresses)
  if (mailboxRetentionMs > 0) {
    await store.trim(now() - mailboxRetentionMs)
  }
  await archiveOver(parts)
  return { checked: counts.active, waiting: counts.waiting, stuck: stuck.length, failed: counts.failed }
}

/** A wake names the step it was found at: an actor that moved on meanwhile ignores it. */
async function wake(stuck: readonly StuckActor[], { store, mailbox, ids }: MonitorParts): Promise<void> {
  for (const { partition, address } of stuck) {
    const actor = await store.actor(partition, address)
    if (actor !== undefined) {
      await mailbox.append([{ id: `wake-${ids.next()}`, address, kind: 'wake', body: JSON.stringify({ type: 'WAKE', seq: actor.seq }) }])
    }
  }
}

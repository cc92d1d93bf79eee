import type { Backlog } from './backlog.ts'
import type { Connection } from './connection.ts'
import type { LogReader } from './log-reader.ts'
import type { OwnedPartitions } from './owned-partitions.ts'
import type { Clock, LogFault } from './ports.ts'
import type { SnapshotCache } from './snapshot-cache.ts'
import type { TaskRunner } from './tasks.ts'
import type { TimerQueue } from './timers.ts'
import type { Work } from './work.ts'

export interface GatherParts {
  readonly connection: Pick<Connection, 'use'>
  readonly clock: Clock
  readonly partitions: OwnedPartitions
  readonly timers: TimerQueue
  readonly tasks: TaskRunner
  readonly log: LogReader
  readonly backlog: Backlog
  readonly cache: Pick<SnapshotCache, 'get'>
}

/**
 * Fetches what is there for the owned partitions. Whatever reads comes first: what is taken from memory must not be lost to an
 * outage. Partitions whose log cannot be followed are told apart.
 */
export async function gather(parts: GatherParts): Promise<{ readonly work: Work; readonly faults: readonly LogFault[] }> {
  const { backlog, clock, connection, log, partitions, tasks, timers } = parts
  const ids = partitions.ids()
  await connection.use(() => timers.refill(ids, partitions.now()))
  await connection.use(() => tasks.refill(ids))
  const { records, faults } = await log.read(partitions.now())
  const held = await connection.use(() => backlog.next(parts))
  const work = {
    held,
    records: records.filter((record) => record.offset >= (partitions.get(record.partition)?.nextOffset ?? Number.POSITIVE_INFINITY)),
    outcomes: tasks.takeOutcomes(),
    timers: timers.take(partitions.now(), (partition) => log.readUpTo(partition)),
    taskUpdates: tasks.takeUpdates(clock.now(), (partition) => log.wasRead(partition)),
  }
  return { work, faults }
}

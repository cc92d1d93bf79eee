import type { OwnedPartitions } from './owned-partitions.ts'
import type { SnapshotCache } from './snapshot-cache.ts'
import type { TaskRunner } from './tasks.ts'
import type { TimerQueue } from './timers.ts'

export interface NextLookParts {
  readonly cache: Pick<SnapshotCache, 'size'>
  readonly partitions: Pick<OwnedPartitions, 'nextAt' | 'skewMs'>
  readonly tasks: Pick<TaskRunner, 'nextAt'>
  readonly timers: Pick<TimerQueue, 'nextAt'>
  readonly passivateAfterMs: number
}

const never = Number.POSITIVE_INFINITY

/** When a loop that has nothing to do must look again, ms by the node's clock: a timer or a task comes due, a claim may be tried, actors may be let go. */
export function nextLook({ cache, partitions, passivateAfterMs, tasks, timers }: NextLookParts, now: number): number {
  return Math.min(
    (timers.nextAt() ?? never) - partitions.skewMs,
    tasks.nextAt() ?? never,
    cache.size > 0 ? now + passivateAfterMs : never,
    partitions.nextAt() ?? never,
  )
}

import type { LiveActor } from './snapshot.ts'
import type { TaskKey, TaskRow, TimerRow, Turn } from './turn-rows.ts'

/** What an actor waits for after a turn and did not before, and the other way round. */
export function timerChanges(before: LiveActor | undefined, after: LiveActor): { armed: TimerRow[]; dropped: Turn['timersDropped'] } {
  const { partition, address } = after
  const had = before?.armed.timers ?? {}
  const has = after.armed.timers
  if (had === has) {
    return { armed: [], dropped: [] }
  }
  return {
    armed: Object.entries(has)
      .filter(([id, timer]) => had[id]?.arming !== timer.arming)
      .map(([id, { due, arming }]) => ({ partition, address, id, due, arming })),
    dropped: Object.keys(had)
      .filter((id) => has[id] === undefined)
      .map((id) => ({ partition, address, id })),
  }
}

/** @param opened rows of a task that was opened as a certain step */
export function taskChanges(
  before: LiveActor | undefined,
  after: LiveActor,
  opened: (id: string, at: number) => readonly TaskRow[],
): { opened: TaskRow[]; closed: TaskKey[] } {
  const { partition, address } = after
  const had = before?.armed.tasks ?? {}
  const has = after.armed.tasks
  return {
    opened: Object.entries(has).flatMap(([id, at]) => (had[id] === at ? [] : opened(id, at))),
    closed: Object.entries(had).flatMap(([id, at]) => (has[id] === at ? [] : [{ partition, address, id, opened: at }])),
  }
}

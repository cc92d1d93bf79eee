import type { BatchProgress } from '../../src/batch/progress.ts'
import type { Trigger } from '../../src/machines/batch.machine.ts'
import type { StepBatch } from '../support/step-batch.ts'

/** What is compared after every command, whatever runs the batch. Times are ms since the epoch. */
export interface BatchView {
  readonly state: string
  readonly status: string
  readonly paused: boolean
  readonly counters: BatchProgress['counters']
  /** Due times; null when nothing is armed. */
  readonly recovery: number | null
  readonly deadline: number | null
  /** Ids of open tasks. */
  readonly tasks: readonly string[]
  readonly end: { readonly status: string; readonly trigger: Trigger; readonly errorCode: string | null } | null
  /** Topics of outputs in order, without prefix and version. */
  readonly outputs: readonly string[]
}

/** Later than this from now stands for 'not at all'. */
const farMs = 100_000_000_000

interface Raw {
  readonly at: number
  readonly state: string
  readonly progress: BatchProgress
  readonly timers: readonly { readonly id: string; readonly due: number }[]
  readonly tasks: readonly string[]
  readonly topics: readonly string[]
}

export function viewOf({ at, state, progress, timers, tasks, topics }: Raw): BatchView {
  const due = (name: string): number | null => {
    const timer = timers.find(({ id }) => id.includes(`.${name}.`))
    return timer === undefined || timer.due > at + farMs ? null : timer.due
  }
  const { end } = progress
  return {
    state,
    status: progress.status,
    paused: progress.paused,
    counters: progress.counters,
    recovery: due('recovery'),
    deadline: due('deadline'),
    tasks: tasks.toSorted(),
    end: end === null ? null : { status: end.status, trigger: end.trigger, errorCode: end.errorCode },
    outputs: topics,
  }
}

export function viewOfSteps(batch: StepBatch): BatchView {
  return viewOf({
    at: batch.at,
    state: batch.state,
    progress: batch.progress,
    timers: Object.entries(batch.armed.timers).map(([id, { due }]) => ({ id, due })),
    tasks: [...batch.tasks.keys()],
    topics: batch.published.map(({ topic }) => topic),
  })
}

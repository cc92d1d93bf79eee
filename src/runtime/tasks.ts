import { backOffMs } from './back-off.ts'
import type { TaskOutcome } from './delivery.ts'
import { messageOf } from './errors.ts'
import type { Clock, Random, Store } from './ports.ts'
import type { Registry } from './registry.ts'
import type { Standstill } from './standstill.ts'
import { repairStrings } from './strict-json.ts'
import { callTask, errorJson, limitOf, scopeOf, spanOfTask, type TaskReach, untilAborted } from './task-call.ts'
import { isTaskDelay, type TaskDelay } from './task-delay.ts'
import { TaskQueue } from './task-queue.ts'
import type { Tracing } from './tracing.ts'
import type { TaskKey, TaskRow, TaskUpdate, Turn } from './turn-rows.ts'

/** Leases without an end after which a task is taken for deadly (rules 23). */
const mostLeases = 10
const pageSize = 1_000

export interface TaskRunnerParts {
  readonly registry: Registry
  readonly store: Pick<Store, 'tasks'>
  readonly clock: Clock
  readonly random: Random
  readonly reach: TaskReach
  /** Looked at before something may leave the process. */
  readonly standstill: Pick<Standstill, 'check' | 'watch'>
  readonly tracing: Tracing
  /** Something ended: the loop should look. */
  readonly wake: () => void
}

/**
 * Runs the open tasks of the owned partitions. The table is their truth: a task is leased by a commit before it is called,
 * and its end reaches the actor by the commit that records it. A restart calls it again under the same idempotency key.
 */
export class TaskRunner {
  readonly #parts: TaskRunnerParts
  readonly #queue: TaskQueue
  #outcomes: TaskOutcome[] = []
  #updates: TaskUpdate[] = []
  /** False while the table may hold tasks that are not in the queue. */
  #complete = false

  constructor(parts: TaskRunnerParts) {
    this.#parts = parts
    this.#queue = new TaskQueue(parts.registry)
  }

  /** Forgets what waits and aborts what runs of these partitions: they were lost, or are claimed anew. */
  drop(partitions: ReadonlySet<number>): void {
    this.#queue.drop(partitions, 'the partition was lost')
    this.#outcomes = this.#outcomes.filter((outcome) => !partitions.has(outcome.task.partition))
    this.#updates = this.#updates.filter((update) => !partitions.has(update.partition))
    this.#complete = false
  }

  /** After a standstill: what was leased or under way must be leased again, by a commit, for another may have done it. */
  leaseAgain(): void {
    this.#queue.interrupt('the process stood still')
    this.#complete = false
  }

  /** The table may hold tasks that are not in the queue. */
  reload(): void {
    this.#complete = false
  }

  async refill(partitions: readonly number[]): Promise<void> {
    if (this.#complete || partitions.length === 0 || this.#queue.size >= pageSize) {
      return
    }
    const rows = await this.#parts.store.tasks(partitions, pageSize)
    this.#complete = rows.length < pageSize
    for (const row of rows) {
      this.#queue.add(row)
    }
  }

  /** Ends and failed calls since the last take. */
  takeOutcomes(): readonly TaskOutcome[] {
    const outcomes = this.#outcomes
    this.#outcomes = []
    return outcomes
  }

  /**
   * Failed calls that will be repeated, and leases for tasks that may start now, to be written by the next commit.
   * `mayStart`: after a claim a task waits until its partition's log was read once, for its answer may stand there already.
   */
  takeUpdates(now: number, mayStart: (partition: number) => boolean): readonly TaskUpdate[] {
    const updates = this.#updates
    this.#updates = []
    const leased = this.#queue.take(now, (task) => mayStart(task.partition))
    this.#watch(leased)
    for (const task of leased) {
      if (task.attempt - task.failures >= mostLeases) {
        this.#condemn(task)
      } else {
        updates.push({ ...task, attempt: task.attempt + 1 })
      }
    }
    return updates
  }

  /** Of the tasks a turn opens, those that may start with its commit get their lease in it. */
  admit(opened: readonly TaskRow[], now: number): readonly TaskRow[] {
    for (const task of opened) {
      if (this.#queue.size < pageSize) {
        this.#queue.add(task)
      } else {
        this.#complete = false
      }
    }
    const own = new Set(opened)
    const leased = new Set(this.#queue.take(now, (task) => own.has(task)))
    this.#watch([...leased])
    return opened.map((task) => (leased.has(task) ? { ...task, attempt: 1 } : task))
  }

  /** Before the commit that closes them: nothing of these tasks should go out any more. */
  abort(closing: readonly TaskKey[]): void {
    for (const task of closing) {
      this.#queue.abort(task, 'the machine closes this task')
    }
  }

  /** Takes back what `admit` was given, when the commit was refused. */
  withdraw(opened: readonly TaskRow[]): void {
    for (const task of opened) {
      this.#queue.remove(task, 'the commit was refused')
    }
  }

  /** After a commit: starts what it leased, drops what it closed. */
  committed(turn: Pick<Turn, 'tasksOpened' | 'tasksUpdated' | 'tasksClosed'>): void {
    for (const closed of turn.tasksClosed) {
      this.#queue.remove(closed, 'the machine closed this task')
    }
    for (const task of turn.tasksOpened) {
      if (task.attempt === 1) {
        this.#start(task)
      }
    }
    for (const update of turn.tasksUpdated) {
      this.#renew(update)
    }
  }

  /** True while something is leased or called. */
  get isBusy(): boolean {
    return this.#queue.isBusy
  }

  #watch(leased: readonly TaskRow[]): void {
    if (leased.length > 0) {
      this.#parts.standstill.watch()
    }
  }

  /** When a waiting task becomes ready, ms. */
  nextAt(): number | undefined {
    return this.#queue.nextAt()
  }

  get running(): number {
    return this.#queue.running
  }

  /**
   * Aborts what runs, so it runs again elsewhere. Returns what is still to be written: failed calls, and the leases of calls
   * that are cut off or whose end is not recorded any more. A process that is told to stop is no death of its tasks (rules 23).
   */
  stop(): readonly TaskUpdate[] {
    const ended = this.#outcomes.flatMap(({ task, poison }) => (poison === undefined ? [task] : []))
    const cut = [...this.#queue.underWay(), ...ended]
    const left = [...this.#updates, ...cut.map((task) => ({ ...task, attempt: task.attempt - 1 }))]
    this.#updates = []
    this.#outcomes = []
    this.#queue.drop(undefined, 'the runtime stops')
    return left
  }

  #renew(update: TaskUpdate): void {
    const task = this.#queue.update(update)
    if (task !== undefined && this.#queue.isLeased(task)) {
      this.#start(task)
    }
  }

  #start(task: TaskRow): void {
    this.#parts.standstill.check()
    const kind = this.#parts.registry.typeOf(task.address)
    const controller = this.#queue.begin(task)
    if (kind === undefined || controller === undefined) {
      return
    }
    const limitMs = limitOf(kind.definition.tasks?.[task.source], 'timeoutMs')
    const cancel = this.#parts.clock.schedule(limitMs, () => controller.abort(new Error(`the task took longer than ${limitMs} ms`)))
    const span = this.#parts.tracing.start(spanOfTask(task))
    const scope = scopeOf(task, { ...this.#parts, signal: controller.signal, traceparent: span.traceparent })
    const end = (record: () => void, error?: unknown): void => {
      cancel()
      span.end({ error })
      if (this.#queue.finish(task, controller)) {
        record()
        this.#parts.wake()
      }
    }
    untilAborted(callTask(task, kind, scope), controller.signal).then(
      (result) => end(() => this.#outcomes.push({ task, result: { ok: true, output: result.output }, rows: result.rows ?? [] })),
      (error: unknown) => end(() => (isTaskDelay(error) ? this.#delayed(task, error) : this.#failed(task, error)), error),
    )
  }

  #failed(task: TaskRow, error: unknown): void {
    const definition = this.#parts.registry.typeOf(task.address)?.definition.tasks?.[task.source]
    const failures = task.failures + 1
    if (failures >= limitOf(definition, 'attempts') || definition?.isPermanent?.(error) === true) {
      this.#outcomes.push({ task, result: { ok: false, error: errorJson(error) }, rows: [] })
      return
    }
    const limits = { firstMs: limitOf(definition, 'backOffMs'), maxMs: limitOf(definition, 'maxBackOffMs') }
    const notBefore = this.#parts.clock.now() + backOffMs(failures, limits, this.#parts.random)
    this.#updates.push({ ...task, failures, notBefore, lastError: storable(messageOf(error)) })
  }

  /** Waits uncounted: the lease is given back too, or ten waits would be taken for ten deaths. */
  #delayed(task: TaskRow, { ms, message }: TaskDelay): void {
    const notBefore = this.#parts.clock.now() + Math.max(1, Math.round(ms))
    this.#updates.push({ ...task, attempt: task.attempt - 1, notBefore, lastError: storable(message) })
  }

  #condemn(task: TaskRow): void {
    const poison = `task '${task.id}' of ${task.address} was leased ${task.attempt} times and never ended`
    this.#outcomes.push({ task, result: { ok: false, error: { message: poison } }, rows: [], poison })
    this.#parts.wake()
  }
}

/** An error may quote anything: a U+0000 in it would be refused with the whole commit (rules 26). */
function storable(text: string): string {
  return repairStrings(text)
}

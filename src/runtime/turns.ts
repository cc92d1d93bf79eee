import type { Backlog } from './backlog.ts'
import type { Connection } from './connection.ts'
import { QuireError } from './errors.ts'
import { type FailureStreaks, isTooLong, manyFailures, relaxed } from './failure-streaks.ts'
import { loadTurn } from './load.ts'
import type { HaltedPartition, OwnedPartitions } from './owned-partitions.ts'
import { isPortFailure } from './port-failure.ts'
import type { Clock, CommitOutcome, Logger, Store } from './ports.ts'
import type { Registry } from './registry.ts'
import type { SnapshotCache } from './snapshot-cache.ts'
import type { Counters } from './status.ts'
import type { TaskRunner } from './tasks.ts'
import type { TimerQueue } from './timers.ts'
import type { Tracing } from './tracing.ts'
import { traceTurn, type TurnTrace } from './turn-trace.ts'
import { type DecidedTurn, decideTurn } from './turn.ts'
import type { Turn } from './turn-rows.ts'
import { halve, isIdle, sizeOf, type Work, workOf } from './work.ts'

export interface TurnsParts {
  readonly owner: string
  readonly store: Store
  readonly registry: Registry
  readonly connection: Connection
  readonly clock: Clock
  readonly logger: Logger
  readonly tracing: Tracing
  readonly partitions: OwnedPartitions
  readonly timers: TimerQueue
  readonly tasks: TaskRunner
  readonly cache: SnapshotCache
  readonly backlog: Backlog
  readonly onCommitted: (turn: Turn) => void
  readonly count: (by: Partial<Counters>) => void
  /** What is known of these partitions is not true any more. */
  readonly forget: (partitions: readonly number[]) => void
  /** These stand still for some minutes: somebody may deploy meanwhile. */
  readonly halt: (partitions: readonly HaltedPartition[]) => Promise<void>
}

const nothingToWrite: CommitOutcome = { kind: 'committed' }

/** A turn whose commit is under way or was answered. */
interface MadeTurn {
  readonly turn: Turn
  readonly decided: DecidedTurn
  readonly work: Work
  readonly trace: TurnTrace
}

/** Work -> turns: each is decided purely, committed, and only then are its effects let out. */
export class Turns {
  readonly #parts: TurnsParts
  #streaks: FailureStreaks = new Map()

  constructor(parts: TurnsParts) {
    this.#parts = parts
  }

  /** Failures before this claim do not count. */
  claimed(partitions: readonly number[]): void {
    this.#streaks = relaxed(this.#streaks, partitions)
  }

  /** Decides and commits; work that was refused for good is halved until the culprit is alone, and that one dead-lettered (rules 27). */
  async take(work: Work): Promise<void> {
    const { partitions, tasks, tracing } = this.#parts
    // As they are held now: a partition that is revoked while the actors are read is told from the others by the fence.
    const claims = partitions.asMap()
    const mine = workOf(work, (partition) => claims.has(partition))
    if (isIdle(mine)) {
      return
    }
    const input = await this.#use(() => loadTurn(mine, this.#parts.backlog.standing, this.#streaks, { ...this.#parts, claims }))
    const trace = traceTurn(input, tracing)
    const decided = decideTurn(trace.input)
    const turn = { ...decided.turn, tasksOpened: tasks.admit(decided.turn.tasksOpened, this.#parts.clock.now()) }
    tasks.abort(turn.tasksClosed)
    try {
      const outcome = turn.partitions.length === 0 ? nothingToWrite : await this.#use(() => this.#parts.store.commit(turn))
      await this.#settle(outcome, { turn, decided, work: mine, trace })
    } catch (error) {
      trace.failed(error)
      tasks.withdraw(turn.tasksOpened)
      if (!isPortFailure(error, 'database', 'permanent')) {
        throw error
      }
      await this.#divide(mine, error)
    }
  }

  async #divide(work: Work, error: unknown): Promise<void> {
    if (work.refusal !== undefined) {
      throw new QuireError('commit-refused', 'the database refused a dead letter for good', { cause: error })
    }
    if (sizeOf(work) <= 1) {
      await this.take({ ...work, refusal: error })
      return
    }
    const [first, rest] = halve(work)
    await this.take(first)
    await this.take(rest)
  }

  /** After the commit was answered: the effects of a committed turn are let out; a fenced one is void. */
  async #settle(outcome: CommitOutcome, made: MadeTurn): Promise<void> {
    if (outcome.kind === 'committed') {
      await this.#release(made)
      return
    }
    const { turn, work, trace } = made
    this.#parts.count({ fenced: 1 })
    const { lost, isMade } = this.#parts.partitions.fenced(turn.partitions, outcome.stored)
    if (isMade) {
      // What it leased of a partition that went to another since is begun there, not here.
      this.#parts.forget(lost)
      await this.#release(made)
      return
    }
    trace.failed('another owner holds the partition')
    this.#parts.logger.warn({ partitions: lost }, 'another owner holds these partitions now; the turn is void')
    this.#parts.tasks.withdraw(turn.tasksOpened)
    this.#parts.forget(lost)
    await this.take(workOf(work, (partition) => !lost.includes(partition)))
  }

  async #release({ turn, decided, work, trace }: MadeTurn): Promise<void> {
    const { cache, timers, tasks, partitions, count } = this.#parts
    trace.committed(turn)
    partitions.advance(turn)
    cache.committed(decided.actors.values(), turn)
    timers.committed(turn)
    tasks.committed(turn)
    if (this.#parts.backlog.committed(turn, decided)) {
      timers.reload()
      tasks.reload()
    }
    count({
      turns: 1,
      messages: work.records.length,
      timers: work.timers.length,
      tasks: work.outcomes.length,
      deadLetters: turn.deadLetters.length,
      held: turn.held.length,
      duplicates: decided.duplicates,
      conflicts: decided.conflicts,
      ignored: decided.strays.length,
    })
    this.#tellStrays(decided.strays)
    this.#parts.onCommitted(turn)
    await this.#leave(turn, decided.streaks)
  }

  #tellStrays(strays: readonly string[]): void {
    if (strays.length > 0) {
      this.#parts.logger.info({ messages: strays.slice(0, 10) }, `${strays.length} messages are for actors that nobody here bore`)
    }
  }

  /** Partitions that were revoked while the turn was under way are forgotten with what it left; one whose messages all throw is halted. */
  async #leave(turn: Turn, streaks: FailureStreaks): Promise<void> {
    const { partitions } = this.#parts
    this.#parts.forget(turn.partitions.filter((advance) => !partitions.isHeld(advance)).map((advance) => advance.partition))
    this.#streaks = streaks
    const failing = turn.partitions.filter(({ partition }) => isTooLong(streaks, partition))
    const halts = failing.map(({ partition }) => ({ partition, code: 'many-failures', message: manyFailures }))
    await (halts.length === 0 ? undefined : this.#parts.halt(halts))
  }

  #use<T>(call: () => Promise<T>): Promise<T> {
    return this.#parts.connection.use(call)
  }
}

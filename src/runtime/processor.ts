import { Backlog } from './backlog.ts'
import { takeCare } from './careful.ts'
import type { Connection } from './connection.ts'
import { QuireError } from './errors.ts'
import { type FailureStreaks, isTooLong, manyFailures, relaxed } from './failure-streaks.ts'
import { HeldBack } from './held-back.ts'
import { loadTurn } from './load.ts'
import { gather, type GatherParts } from './gather.ts'
import { LogReader, type LogReaderParts } from './log-reader.ts'
import { nextLook } from './next-look.ts'
import { isPortFailure } from './port-failure.ts'
import type { HaltedPartition } from './owned-partitions.ts'
import type { CommitOutcome, Logger, Store } from './ports.ts'
import type { Registry } from './registry.ts'
import { Signal } from './signal.ts'
import type { SnapshotCache } from './snapshot-cache.ts'
import type { Counters } from './status.ts'
import type { TimerQueue } from './timers.ts'
import { traceTurn, type TurnTrace } from './turn-trace.ts'
import type { Tracing } from './tracing.ts'
import { type DecidedTurn, decideTurn } from './turn.ts'
import type { Turn } from './turn-rows.ts'
import { halve, isIdle, noWork, sizeOf, type Work, workOf } from './work.ts'

export interface ProcessorParts extends Omit<GatherParts, 'log' | 'backlog'>, Omit<LogReaderParts, 'wake'> {
  readonly owner: string
  readonly store: Store
  readonly registry: Registry
  readonly connection: Connection
  readonly logger: Logger
  readonly timers: TimerQueue
  readonly cache: SnapshotCache
  readonly passivateAfterMs: number
  readonly tracing: Tracing
  readonly onCommitted: (turn: Turn) => void
  readonly count: (by: Partial<Counters>) => void
}

/** A turn whose commit is under way or was answered. */
interface MadeTurn {
  readonly turn: Turn
  readonly decided: DecidedTurn
  readonly work: Work
  readonly trace: TurnTrace
}

/** A halted partition is looked at again after this time: somebody may have mended its log, or deployed. */
const haltMs = { log: 5_000, failures: 300_000 }

const nothingToWrite: CommitOutcome = { kind: 'committed' }

/** The loop of an owner: poll, load, decide a turn, commit it, and only then let its effects out. */
export class Processor {
  readonly #parts: ProcessorParts
  readonly #signal: Signal
  readonly #log: LogReader
  readonly #backlog: Backlog
  readonly #heldBack = new HeldBack()
  #streaks: FailureStreaks = new Map()
  #stopping = false

  constructor(parts: ProcessorParts) {
    this.#parts = parts
    this.#signal = new Signal(parts.clock)
    this.#log = new LogReader({ ...parts, wake: () => this.wake() })
    this.#backlog = new Backlog(parts.store)
  }

  /** Something may be there to do: a task ended, a partition was assigned, the database is back. */
  wake(): void {
    this.#signal.raise()
  }

  /** Something may have been appended to the mailbox. */
  wakeForMail(): void {
    this.#log.announce()
    this.#signal.raise()
  }

  /** The process stood still: its tasks are leased again, and they and its timers wait until the log has been read again. */
  resumed(): void {
    this.#parts.tasks.leaseAgain()
    this.#log.drop(new Set(this.#parts.partitions.ids()))
    this.#signal.raise()
  }

  /** Ends the loop after the turn under way, and one that gives the leases of running tasks back. */
  stop(): void {
    this.#stopping = true
    this.#signal.raise()
  }

  /** Runs until stopped. Throws only what no waiting and no dead letter can mend. */
  async run(): Promise<void> {
    while (!this.#stopping) {
      await this.#claim()
      const { work, faults } = await gather({ ...this.#parts, log: this.#log, backlog: this.#backlog })
      await this.#halt(faults, haltMs.log)
      if (isIdle(work)) {
        await this.#rest()
      } else {
        this.#heldBack.reset()
        await takeCare(work, { ...this.#parts, turn: (part) => this.#turn(part) })
      }
    }
    await this.#turn({ ...noWork, taskUpdates: this.#parts.tasks.stop() })
  }

  /** Claims what was assigned and is not owned yet; what was known of these partitions before, or of lost ones, is forgotten. */
  async #claim(): Promise<void> {
    const { partitions } = this.#parts
    this.#forget(partitions.takeLost())
    const claimed = await this.#use(() => partitions.claim())
    if (claimed.length > 0) {
      this.#forget(claimed)
      this.#streaks = relaxed(this.#streaks, claimed)
      await this.#use(() => this.#backlog.load(claimed))
    }
  }

  #forget(lost: readonly number[]): void {
    if (lost.length > 0) {
      const set = new Set(lost)
      for (const memory of [this.#parts.cache, this.#parts.timers, this.#parts.tasks, this.#log, this.#backlog]) {
        memory.drop(set)
      }
    }
  }

  /** Such a partition stands still; the others go on. */
  async #halt(faults: readonly HaltedPartition[], againMs: number): Promise<void> {
    for (const fault of faults) {
      this.#parts.logger.error(fault, 'a partition stands still')
      const claim = this.#parts.partitions.get(fault.partition)
      await (claim === undefined ? undefined : this.#use(() => this.#parts.store.markHalted(claim, fault.message)))
      this.#parts.partitions.halt(fault, againMs)
    }
    this.#forget(this.#parts.partitions.takeLost())
  }

  /** Decides and commits; work that was refused for good is halved until the culprit is alone, and that one dead-lettered (rules 27). */
  async #turn(work: Work): Promise<void> {
    const { partitions, tasks, tracing } = this.#parts
    // As they are held now: a partition that is revoked while the actors are read is told from the others by the fence.
    const claims = partitions.asMap()
    const mine = workOf(work, (partition) => claims.has(partition))
    if (isIdle(mine)) {
      return
    }
    const input = await this.#use(() => loadTurn(mine, this.#backlog.standing, this.#streaks, { ...this.#parts, claims }))
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
      await this.#turn({ ...work, refusal: error })
      return
    }
    const [first, rest] = halve(work)
    await this.#turn(first)
    await this.#turn(rest)
  }

  /** After the commit was answered: the effects of a committed turn are let out; a fenced one is void. */
  async #settle(outcome: CommitOutcome, made: MadeTurn): Promise<void> {
    if (outcome.kind === 'committed') {
      await this.#release(made)
      return
    }
    const { turn, work, trace } = made
    this.#parts.count({ fenced: 1 })
    const lost = this.#parts.partitions.fenced(turn.partitions, outcome.stored)
    if (lost.length === 0) {
      await this.#release(made)
      return
    }
    trace.failed('another owner holds the partition')
    this.#parts.logger.warn({ partitions: lost }, 'another owner holds these partitions now; the turn is void')
    this.#parts.tasks.withdraw(turn.tasksOpened)
    this.#forget(lost)
    await this.#turn(workOf(work, (partition) => !lost.includes(partition)))
  }

  async #release({ turn, decided, work, trace }: MadeTurn): Promise<void> {
    const { cache, timers, tasks, partitions, count } = this.#parts
    trace.committed(turn)
    partitions.advance(turn)
    cache.committed(decided.actors.values(), turn)
    timers.committed(turn)
    tasks.committed(turn)
    if (this.#backlog.committed(turn, decided)) {
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
    })
    this.#parts.onCommitted(turn)
    await this.#leave(turn, decided.streaks)
  }

  /** Partitions that were revoked while the turn was under way are forgotten with what it left; one whose messages all throw is halted. */
  async #leave(turn: Turn, streaks: FailureStreaks): Promise<void> {
    const { partitions } = this.#parts
    this.#forget(turn.partitions.filter((advance) => !partitions.isHeld(advance)).map((advance) => advance.partition))
    this.#streaks = streaks
    const failing = turn.partitions.filter(({ partition }) => isTooLong(streaks, partition))
    const halts = failing.map(({ partition }) => ({ partition, code: 'many-failures', message: manyFailures }))
    await (halts.length === 0 ? undefined : this.#halt(halts, haltMs.failures))
  }

  /** Waits until something is raised or due. What is due already is held back by the log: it is looked at again soon. */
  async #rest(): Promise<void> {
    const { cache, clock, partitions, passivateAfterMs } = this.#parts
    cache.passivate(partitions.now() - passivateAfterMs)
    const now = clock.now()
    await this.#signal.wait(this.#heldBack.lookAt(nextLook(this.#parts, now), now))
  }

  #use<T>(call: () => Promise<T>): Promise<T> {
    return this.#parts.connection.use(call)
  }
}

import { Backlog } from './backlog.ts'
import { CatchUp } from './catch-up.ts'
import type { Connection } from './connection.ts'
import { QuireError } from './errors.ts'
import type { MailboxRecord } from './message.ts'
import { loadTurn } from './load.ts'
import type { OwnedPartitions } from './owned-partitions.ts'
import { type Clock, type CommitOutcome, isStoreFailure, type Logger, type Mailbox, type Store, type Watermark } from './ports.ts'
import type { Registry } from './registry.ts'
import { Signal } from './signal.ts'
import type { SnapshotCache } from './snapshot-cache.ts'
import type { Counters } from './status.ts'
import type { TaskRunner } from './tasks.ts'
import type { TimerQueue } from './timers.ts'
import { type DecidedTurn, decideTurn } from './turn.ts'
import type { Turn } from './turn-rows.ts'
import { halve, isIdle, sizeOf, type Work, workOf } from './work.ts'

export interface ProcessorParts {
  readonly owner: string
  readonly store: Store
  readonly mailbox: Mailbox
  readonly watermark: Watermark
  readonly registry: Registry
  readonly connection: Connection
  readonly clock: Clock
  readonly logger: Logger
  readonly partitions: OwnedPartitions
  readonly cache: SnapshotCache
  readonly timers: TimerQueue
  readonly tasks: TaskRunner
  /** Messages of one poll at most. */
  readonly pollLimit: number
  readonly passivateAfterMs: number
  readonly onCommitted: (turn: Turn) => void
  readonly count: (by: Partial<Counters>) => void
}

/** What is due but held back is looked at again after this time. */
const heldBackMs = 20

const nothingToWrite: CommitOutcome = { kind: 'committed' }

/** The loop of an owner: poll, load, decide a turn, commit it, and only then let its effects out. */
export class Processor {
  readonly #parts: ProcessorParts
  readonly #signal: Signal
  readonly #catchUp = new CatchUp()
  readonly #backlog: Backlog
  #stopping = false
  /** The mailbox may hold records that were not polled. */
  #mail = true

  constructor(parts: ProcessorParts) {
    this.#parts = parts
    this.#signal = new Signal(parts.clock)
    this.#backlog = new Backlog(parts.store)
  }

  /** Something may be there to do: a task ended, a partition was assigned, the database is back. */
  wake(): void {
    this.#signal.raise()
  }

  /** Something may have been appended to the mailbox. */
  wakeForMail(): void {
    this.#mail = true
    this.#signal.raise()
  }

  /** Ends the loop after the turn under way. */
  stop(): void {
    this.#stopping = true
    this.#signal.raise()
  }

  /** Runs until stopped. Throws only what no waiting and no dead letter can mend. */
  async run(): Promise<void> {
    while (!this.#stopping) {
      const work = await this.#gather()
      if (isIdle(work)) {
        await this.#rest()
      } else {
        await this.#turn(work)
      }
    }
  }

  /** Fetches what is there for the owned partitions. Whatever reads comes first: what is taken from memory must not be lost to an outage. */
  async #gather(): Promise<Work> {
    const { clock, partitions, tasks, timers } = this.#parts
    await this.#use(() => this.#claim())
    const ids = partitions.ids()
    await this.#use(() => timers.refill(ids, partitions.now()))
    await this.#use(() => tasks.refill(ids))
    const polledAt = partitions.now()
    const records = this.#mayHaveMail(ids, polledAt) ? await this.#poll(polledAt) : []
    const held = await this.#use(() => this.#backlog.next(this.#parts))
    const now = partitions.now()
    return {
      held,
      records: records.filter((record) => record.offset >= (partitions.get(record.partition)?.nextOffset ?? Number.POSITIVE_INFINITY)),
      outcomes: tasks.takeOutcomes(),
      timers: timers.take(now, (partition) => this.#readUpTo(partition)),
      taskUpdates: tasks.takeUpdates(clock.now(), (partition) => this.#catchUp.readUpTo(partition) > Number.NEGATIVE_INFINITY),
    }
  }

  /** Claims what was assigned and is not owned yet; what was known of these partitions before is forgotten. */
  async #claim(): Promise<void> {
    const { partitions } = this.#parts
    const claimed = await partitions.claim()
    if (claimed.length > 0) {
      this.#forget(claimed)
      await this.#backlog.load(claimed)
    }
  }

  #forget(lost: readonly number[]): void {
    const set = new Set(lost)
    for (const memory of [this.#parts.cache, this.#parts.timers, this.#parts.tasks, this.#catchUp, this.#backlog]) {
      memory.drop(set)
    }
  }

  /** A poll costs a round trip: it is spared when nothing was announced and no timer waits for the log. */
  #mayHaveMail(ids: readonly number[], now: number): boolean {
    const isTimerDue = (this.#parts.timers.nextAt() ?? Number.POSITIVE_INFINITY) <= now
    return ids.length > 0 && (this.#mail || isTimerDue || this.#catchUp.isBehind(ids))
  }

  async #poll(polledAt: number): Promise<readonly MailboxRecord[]> {
    const { mailbox, partitions, pollLimit } = this.#parts
    this.#mail = false
    const records = await this.#use(() => mailbox.poll(partitions.positions(), pollLimit))
    this.#mail ||= records.length > 0
    await this.#use(() => this.#followLog(records, polledAt))
    return records
  }

  /** An empty poll has read everything; after another, the ends are asked for if timers or tasks wait for the log. */
  async #followLog(records: readonly MailboxRecord[], polledAt: number): Promise<void> {
    const { mailbox, partitions, timers } = this.#parts
    if (records.length === 0) {
      this.#catchUp.readAll(partitions.ids(), polledAt)
    } else if (this.#catchUp.isBehind(partitions.ids()) || (timers.nextAt() ?? Number.POSITIVE_INFINITY) <= polledAt) {
      const claims = partitions.all()
      this.#catchUp.readPart(claims, records, await mailbox.ends(claims.map((claim) => claim.partition)), polledAt)
    }
  }

  #readUpTo(partition: number): number {
    return Math.min(this.#catchUp.readUpTo(partition), this.#parts.watermark.readUpTo() ?? Number.NEGATIVE_INFINITY)
  }

  /** Decides and commits; work that was refused for good is halved until the culprit is alone, and that one dead-lettered (rules 27). */
  async #turn(work: Work): Promise<void> {
    const { partitions, tasks } = this.#parts
    const mine = workOf(work, (partition) => partitions.get(partition) !== undefined)
    if (isIdle(mine)) {
      return
    }
    const input = await this.#use(() => loadTurn(mine, this.#backlog.standing, this.#parts))
    const decided = decideTurn(input)
    const turn = { ...decided.turn, tasksOpened: tasks.admit(decided.turn.tasksOpened, this.#parts.clock.now()) }
    tasks.abort(turn.tasksClosed)
    try {
      const outcome = turn.partitions.length === 0 ? nothingToWrite : await this.#use(() => this.#parts.store.commit(turn))
      await this.#settle(outcome, turn, decided, mine)
    } catch (error) {
      tasks.withdraw(turn.tasksOpened)
      if (!isStoreFailure(error, 'permanent')) {
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
  async #settle(outcome: CommitOutcome, turn: Turn, decided: DecidedTurn, work: Work): Promise<void> {
    if (outcome.kind === 'committed') {
      this.#release(turn, decided, work)
      return
    }
    this.#parts.count({ fenced: 1 })
    const lost = this.#parts.partitions.fenced(turn.partitions, outcome.stored)
    if (lost.length === 0) {
      this.#release(turn, decided, work)
      return
    }
    this.#parts.logger.warn({ partitions: lost }, 'another owner holds these partitions now; the turn is void')
    this.#parts.tasks.withdraw(turn.tasksOpened)
    this.#forget(lost)
    await this.#turn(workOf(work, (partition) => !lost.includes(partition)))
  }

  #release(turn: Turn, decided: DecidedTurn, work: Work): void {
    const { cache, timers, tasks, partitions, count } = this.#parts
    partitions.advance(turn)
    for (const actor of decided.actors.values()) {
      cache.put(actor, turn.now)
    }
    timers.committed(turn)
    tasks.committed(turn)
    const unparked = this.#backlog.committed(turn, decided)
    if (unparked) {
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
  }

  /** Waits until something is raised or due. What is due already is held back by the log: it is looked at again soon. */
  async #rest(): Promise<void> {
    const { cache, clock, passivateAfterMs, tasks, timers, partitions } = this.#parts
    const now = clock.now()
    cache.passivate(partitions.now() - passivateAfterMs)
    const next = Math.min(
      timers.nextAt() ?? Number.POSITIVE_INFINITY,
      tasks.nextAt() ?? Number.POSITIVE_INFINITY,
      cache.size > 0 ? now + passivateAfterMs : Number.POSITIVE_INFINITY,
      partitions.nextAt() ?? Number.POSITIVE_INFINITY,
    )
    await this.#signal.wait(next > now ? next : now + heldBackMs)
  }

  #use<T>(call: () => Promise<T>): Promise<T> {
    return this.#parts.connection.use(call)
  }
}

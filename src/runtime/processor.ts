import { Backlog } from './backlog.ts'
import { takeCare } from './careful.ts'
import { HeldBack } from './held-back.ts'
import { gather, type GatherParts } from './gather.ts'
import { LogReader, type LogReaderParts } from './log-reader.ts'
import { nextLook } from './next-look.ts'
import type { HaltedPartition } from './owned-partitions.ts'
import { Signal } from './signal.ts'
import { Turns, type TurnsParts } from './turns.ts'
import { isIdle, noWork } from './work.ts'

export interface ProcessorParts
  extends Omit<TurnsParts, 'backlog' | 'forget' | 'halt'>,
    Omit<GatherParts, 'log' | keyof TurnsParts>,
    Omit<LogReaderParts, 'wake' | keyof TurnsParts> {
  readonly passivateAfterMs: number
}

/** A halted partition is looked at again after this time: somebody may have mended its log, or deployed. */
const haltMs = { log: 5_000, failures: 300_000 }

/** The loop of an owner: poll, load, decide a turn, commit it, and only then let its effects out. */
export class Processor {
  readonly #parts: ProcessorParts
  readonly #signal: Signal
  readonly #log: LogReader
  readonly #backlog: Backlog
  readonly #turns: Turns
  readonly #heldBack = new HeldBack()
  #stopping = false

  constructor(parts: ProcessorParts) {
    this.#parts = parts
    this.#signal = new Signal(parts.clock)
    this.#log = new LogReader({ ...parts, wake: () => this.wake() })
    this.#backlog = new Backlog(parts.store)
    this.#turns = new Turns({
      ...parts,
      backlog: this.#backlog,
      forget: (lost) => this.#forget(lost),
      halt: (failing) => this.#halt(failing, haltMs.failures),
    })
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
        await takeCare(work, { ...this.#parts, turn: (part) => this.#turns.take(part) })
      }
    }
    await this.#turns.take({ ...noWork, taskUpdates: this.#parts.tasks.stop() })
  }

  /** Claims what was assigned and is not owned yet; what was known of these partitions before, or of lost ones, is forgotten. */
  async #claim(): Promise<void> {
    const { partitions } = this.#parts
    this.#forget(partitions.takeLost())
    const claimed = await this.#use(() => partitions.claim())
    if (claimed.length > 0) {
      this.#forget(claimed)
      this.#turns.claimed(claimed)
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

import { QuireError } from './errors.ts'
import type { Clock } from './ports.ts'
import { Signal } from './signal.ts'
import type { ActorRow, Turn } from './turn-rows.ts'

/** A look without a notice, ms: a backstop for commits of other processes whose notice was lost. */
const backstopMs = 1_000

interface Waiter {
  readonly signal: Signal
  /** The actor as the last commit of this process wrote it: saves reading it. */
  row: ActorRow | undefined
}

/** Wakes those who wait for commits: all of them, or those of one address. */
export class Changes {
  readonly #clock: Clock
  readonly #byAddress = new Map<string, Set<Waiter>>()
  readonly #all = new Set<Waiter>()
  #stopped = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A commit of this process. */
  committed(turn: Turn): void {
    raise(this.#all)
    if (this.#byAddress.size > 0) {
      for (const row of turn.actors) {
        raise(this.#byAddress.get(row.address) ?? [], row)
      }
    }
  }

  /** Another process committed something. */
  elsewhere(): void {
    raise(this.#all)
    for (const waiters of this.#byAddress.values()) {
      raise(waiters)
    }
  }

  /** Everybody who waits is told that nothing will come. */
  stop(): void {
    this.#stopped = true
    this.elsewhere()
  }

  /**
   * Reads until `read` gives a value: at once, and again after commits (of `address`, if given). `read` is handed the actor's row
   * where the last commit of this process wrote one.
   * @returns the value, or undefined when `deadline` (ms since the epoch) passed
   * @throws QuireError `stopped`
   */
  async until<T>(
    address: string | undefined,
    read: (known: ActorRow | undefined) => Promise<T | undefined>,
    deadline: number,
  ): Promise<T | undefined> {
    const waiter: Waiter = { signal: new Signal(this.#clock), row: undefined }
    const waiters = address === undefined ? this.#all : (this.#byAddress.get(address) ?? new Set<Waiter>())
    waiters.add(waiter)
    if (address !== undefined) {
      this.#byAddress.set(address, waiters)
    }
    try {
      for (;;) {
        this.#assertRunning()
        const known = waiter.row
        waiter.row = undefined
        const value = await read(known)
        if (value !== undefined || this.#clock.now() >= deadline) {
          return value
        }
        await waiter.signal.wait(Math.min(deadline, this.#clock.now() + backstopMs))
      }
    } finally {
      waiters.delete(waiter)
      if (address !== undefined && waiters.size === 0) {
        this.#byAddress.delete(address)
      }
    }
  }

  #assertRunning(): void {
    if (this.#stopped) {
      throw new QuireError('stopped', 'this Quire was stopped while something waited for it')
    }
  }
}

function raise(waiters: Iterable<Waiter>, row?: ActorRow): void {
  for (const waiter of waiters) {
    waiter.row = row
    waiter.signal.raise()
  }
}

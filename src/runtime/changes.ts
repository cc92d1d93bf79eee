import { QuireError } from './errors.ts'
import type { Clock } from './ports.ts'
import { Signal } from './signal.ts'
import type { Turn } from './turn-rows.ts'

/** A look without a notice, ms: a backstop for commits of other processes whose notice was lost. */
const backstopMs = 1_000

/** Wakes those who wait for commits: all of them, or those of one address. */
export class Changes {
  readonly #clock: Clock
  readonly #byAddress = new Map<string, Set<Signal>>()
  readonly #all = new Set<Signal>()
  #stopped = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A commit of this process. */
  committed(turn: Turn): void {
    raise(this.#all)
    if (this.#byAddress.size > 0) {
      for (const address of new Set(turn.journal.map((row) => row.address))) {
        raise(this.#byAddress.get(address) ?? [])
      }
    }
  }

  /** Another process committed something. */
  elsewhere(): void {
    raise(this.#all)
    for (const signals of this.#byAddress.values()) {
      raise(signals)
    }
  }

  /** Everybody who waits is told that nothing will come. */
  stop(): void {
    this.#stopped = true
    this.elsewhere()
  }

  /**
   * Reads until `read` gives a value: at once, and again after commits (of `address`, if given).
   * @returns the value, or undefined when `deadline` (ms since the epoch) passed
   * @throws QuireError `stopped`
   */
  async until<T>(address: string | undefined, read: () => Promise<T | undefined>, deadline: number): Promise<T | undefined> {
    const signal = new Signal(this.#clock)
    const signals = address === undefined ? this.#all : (this.#byAddress.get(address) ?? new Set<Signal>())
    signals.add(signal)
    if (address !== undefined) {
      this.#byAddress.set(address, signals)
    }
    try {
      for (;;) {
        this.#assertRunning()
        const value = await read()
        if (value !== undefined || this.#clock.now() >= deadline) {
          return value
        }
        await signal.wait(Math.min(deadline, this.#clock.now() + backstopMs))
      }
    } finally {
      signals.delete(signal)
      if (address !== undefined && signals.size === 0) {
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

function raise(signals: Iterable<Signal>): void {
  for (const signal of signals) {
    signal.raise()
  }
}

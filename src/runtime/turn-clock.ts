import type { Clock, Store } from './ports.ts'

export interface TurnClockParts {
  readonly store: Pick<Store, 'ping'>
  readonly clock: Clock
  /** The database's clock was measured: ms it is ahead of this node's. */
  readonly onSkew: (skewMs: number) => void
}

/** The database's clock is asked again after this time, ms. */
const offsetAgeMs = 60_000

/** The time of turns: the node's clock corrected by the database's, measured now and then, and never going back (rules 17). */
export class TurnClock {
  readonly #parts: TurnClockParts
  #offset = 0
  #measuredAt = Number.NEGATIVE_INFINITY
  #last = 0

  constructor(parts: TurnClockParts) {
    this.#parts = parts
  }

  /** Difference of the database's clock to this node's, ms. */
  get skewMs(): number {
    return this.#offset
  }

  /** Time of the next turn, ms: never before that of the last one. */
  now(): number {
    return Math.max(this.#last, this.#parts.clock.now() + this.#offset)
  }

  /** A turn at this time was committed, here or by an owner before. */
  passed(at: number): void {
    this.#last = Math.max(this.#last, at)
  }

  /** Asks the database when the last answer is old. */
  async measure(): Promise<void> {
    const { clock, store } = this.#parts
    if (clock.now() - this.#measuredAt < offsetAgeMs) {
      return
    }
    const before = clock.now()
    const database = await store.ping()
    const after = clock.now()
    this.#offset = Math.round(database - (before + after) / 2)
    this.#measuredAt = after
    this.#parts.onSkew(this.#offset)
  }
}

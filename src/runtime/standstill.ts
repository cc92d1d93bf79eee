import type { Clock } from './ports.ts'

export interface StandstillParts {
  readonly clock: Clock
  /** True while something may leave the process; else nobody needs to look. */
  readonly isNeeded: () => boolean
  readonly onResumed: (stoodMs: number) => void
}

const beatMs = 1_000
/** A longer pause between two looks is a standstill, ms: shorter than the shortest session after which another may take over (6 s). */
const mostMs = 5_000

/**
 * Notices that the process stood still (stopped, suspended, or its loop blocked) and others may have taken over its partitions.
 * When it wakes, answers that waited come before any timer: who lets something out after a wait looks first.
 */
export class Standstill {
  readonly #parts: StandstillParts
  #lookedAt: number | undefined
  #cancel: () => void = () => {}

  constructor(parts: StandstillParts) {
    this.#parts = parts
  }

  /** Looks at the clock from now on, as long as needed. */
  watch(): void {
    if (this.#lookedAt === undefined) {
      this.#lookedAt = this.#parts.clock.now()
      this.#beat()
    }
  }

  stop(): void {
    this.#cancel()
    this.#lookedAt = undefined
  }

  /** Looks now. */
  check(): void {
    const now = this.#parts.clock.now()
    const stoodMs = now - (this.#lookedAt ?? now)
    this.#lookedAt = this.#lookedAt === undefined ? undefined : now
    if (stoodMs > mostMs) {
      this.#parts.onResumed(stoodMs)
    }
  }

  #beat(): void {
    this.#cancel = this.#parts.clock.schedule(beatMs, () => {
      this.check()
      this.#parts.isNeeded() ? this.#beat() : this.stop()
    })
  }
}

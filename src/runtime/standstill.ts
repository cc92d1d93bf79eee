import type { Clock } from './ports.ts'

const beatMs = 1_000
/** A longer pause between two looks is a standstill, ms: shorter than the shortest session after which another may take over (6 s). */
const mostMs = 5_000

/**
 * Notices that the process stood still (stopped, suspended, or its loop blocked) and others may have taken over its partitions.
 * When it wakes, answers that waited come before any timer: who lets something out after a wait looks first.
 */
export class Standstill {
  readonly #clock: Clock
  readonly #onResumed: (stoodMs: number) => void
  #lookedAt = Number.POSITIVE_INFINITY
  #cancel: () => void = () => {}

  constructor(clock: Clock, onResumed: (stoodMs: number) => void) {
    this.#clock = clock
    this.#onResumed = onResumed
  }

  start(): void {
    this.#lookedAt = this.#clock.now()
    this.#beat()
  }

  stop(): void {
    this.#cancel()
  }

  /** Looks now. */
  check(): void {
    const now = this.#clock.now()
    const stoodMs = now - this.#lookedAt
    this.#lookedAt = now
    if (stoodMs > mostMs) {
      this.#onResumed(stoodMs)
    }
  }

  #beat(): void {
    this.#cancel = this.#clock.schedule(beatMs, () => {
      this.check()
      this.#beat()
    })
  }
}

import type { Clock } from '../runtime/ports.ts'
import { pause } from '../runtime/time-limit.ts'

/** Spreads calls evenly: at most so many a minute, however many are under way. */
export class RequestPace {
  readonly #clock: Clock
  readonly #intervalMs: number
  #nextAt = 0

  /** @param perMinute 0 = as fast as they come */
  constructor(perMinute: number, clock: Clock) {
    this.#clock = clock
    this.#intervalMs = perMinute === 0 ? 0 : 60_000 / perMinute
  }

  /** Resolves when this call's turn has come; rejects with the signal's reason. */
  async turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const now = this.#clock.now()
    const at = Math.max(now, this.#nextAt)
    this.#nextAt = at + this.#intervalMs
    if (at > now) {
      await pause(this.#clock, at - now, signal)
      signal.throwIfAborted()
    }
  }
}

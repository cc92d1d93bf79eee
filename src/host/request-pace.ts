import type { Clock } from '../runtime/ports.ts'

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
      await pause(at - now, signal, this.#clock)
    }
  }
}

/** Resolves after `ms`; rejects at once, with the signal's reason, when it is aborted. */
export function pause(ms: number, signal: AbortSignal, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      cancel()
      reject(signal.reason as Error)
    }
    const cancel = clock.schedule(ms, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

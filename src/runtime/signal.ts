import type { Clock } from './ports.ts'

/** Something one loop waits for and many may raise. A raise before the wait is not lost. */
export class Signal {
  readonly #clock: Clock
  #raised = false
  #release: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  raise(): void {
    this.#raised = true
    this.#release?.()
  }

  /** Resolves when raised, or at `until` (ms since the epoch; Infinity: never by time). */
  async wait(until: number): Promise<void> {
    if (!this.#raised) {
      await new Promise<void>((resolve) => {
        const cancel = Number.isFinite(until) ? this.#clock.schedule(Math.max(0, until - this.#clock.now()), resolve) : undefined
        this.#release = () => {
          cancel?.()
          resolve()
        }
      })
    }
    this.#release = undefined
    this.#raised = false
  }
}

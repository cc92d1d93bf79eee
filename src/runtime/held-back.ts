/** Between looks at what is due but held back by the log, ms; doubled from look to look, for an outage of the log may last. */
const pauseMs = { first: 20, most: 160 }

/** Tells a loop when to look again. */
export class HeldBack {
  #pauseMs = pauseMs.first

  /** Something was done: the next pause is short again. */
  reset(): void {
    this.#pauseMs = pauseMs.first
  }

  /** @param next when something comes due, ms; what is due already is held back */
  lookAt(next: number, now: number): number {
    if (next > now) {
      this.reset()
      return next
    }
    const pause = this.#pauseMs
    this.#pauseMs = Math.min(2 * pause, pauseMs.most)
    return now + pause
  }
}

import { Heap } from '../runtime/heap.ts'
import type { Clock } from '../runtime/ports.ts'

interface Scheduled {
  readonly at: number
  run: (() => void) | undefined
}

/**
 * Virtual time in whole ms: it stands still until it is moved. Callbacks run in order of their time, those of one time in the order they
 * were scheduled, and see `now` at their own time.
 */
export class SimulatedClock implements Clock {
  #now: number
  readonly #scheduled = new Heap<Scheduled>()

  /** @param start ms since the epoch */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  schedule(ms: number, run: () => void): () => void {
    const entry: Scheduled = { at: this.#now + Math.max(0, Math.ceil(ms)), run }
    this.#scheduled.push(entry.at, entry)
    return () => {
      entry.run = undefined
    }
  }

  /** Time of the next callback, ms; undefined when nothing is scheduled. */
  nextAt(): number | undefined {
    while (this.#scheduled.top?.run === undefined && this.#scheduled.size > 0) {
      this.#scheduled.pop()
    }
    return this.#scheduled.topKey
  }

  /** Moves time to the next callback and runs it; false when nothing is scheduled at or before `until`. */
  runNext(until = Number.POSITIVE_INFINITY): boolean {
    const at = this.nextAt()
    if (at === undefined || at > until) {
      return false
    }
    const entry = this.#scheduled.pop() as Scheduled
    this.#now = Math.max(this.#now, entry.at)
    entry.run?.()
    return true
  }

  /** Sets time without running anything: a clock that jumps, or a process that was suspended. */
  jump(ms: number): void {
    this.#now += ms
  }

  /** Moves time forward by `ms`, running what comes due, and lets promises settle in between. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    await settlePromises()
    while (this.runNext(until)) {
      await settlePromises()
    }
    this.#now = Math.max(this.#now, until)
  }
}

/** Turns of the microtask queue after which chains of promises in this process have come to rest. */
const turns = 200

/** Lets everything run that waits for nothing but promises. */
export async function settlePromises(): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    await undefined
  }
}

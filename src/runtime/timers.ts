import { Heap } from './heap.ts'
import type { Store } from './ports.ts'
import type { TimerRow, Turn } from './turn-rows.ts'

/** Timers due within this time are kept in memory; later ones stay in the table alone. */
const horizonMs = 600_000
const pageSize = 2_000
/** Timers kept in memory at most; what is due after the last of them stays in the table. */
const mostKept = 50_000

/**
 * Timers of the owned partitions that come due soon. An actor that sleeps for hours costs a row and nothing else.
 * `take` gives those that are due and whose partition has been read far enough: a timer waits for the log (rules 18).
 */
export class TimerQueue {
  readonly #store: Pick<Store, 'timers'>
  readonly #heap = new Heap<TimerRow>()
  readonly #current = new Map<string, TimerRow>()
  /** Every timer due before this is in memory. */
  #loadedUntil = Number.NEGATIVE_INFINITY

  constructor(store: Pick<Store, 'timers'>) {
    this.#store = store
  }

  /** Forgets the timers of these partitions: they were lost, or are claimed anew. */
  drop(partitions: ReadonlySet<number>): void {
    for (const [key, timer] of this.#current) {
      if (partitions.has(timer.partition)) {
        this.#current.delete(key)
      }
    }
    this.reload()
  }

  /** The table may hold due timers that are not in memory. */
  reload(): void {
    this.#loadedUntil = Number.NEGATIVE_INFINITY
  }

  /** Loads the next window when the present one is half over. */
  async refill(partitions: readonly number[], now: number): Promise<void> {
    if (partitions.length === 0) {
      // Nothing is missing of nothing: a process that stands by must not look again and again.
      this.#loadedUntil = Number.POSITIVE_INFINITY
      return
    }
    if (this.#loadedUntil > now + horizonMs / 2) {
      return
    }
    const until = now + horizonMs
    const rows = await this.#store.timers(partitions, until, pageSize)
    const last = rows.at(-1)
    this.#loadedUntil = rows.length === pageSize && last !== undefined ? Math.min(until, last.due) : until
    for (const row of rows) {
      this.#add(row)
    }
  }

  /** Takes in what a committed turn armed and dropped. */
  committed(turn: Turn): void {
    for (const dropped of turn.timersDropped) {
      this.#current.delete(keyOf(dropped))
    }
    for (const armed of turn.timersArmed) {
      this.#current.delete(keyOf(armed))
      if (this.#current.size >= mostKept) {
        this.#loadedUntil = Math.min(this.#loadedUntil, armed.due)
      } else if (armed.due < this.#loadedUntil) {
        this.#add(armed)
      }
    }
  }

  /** Due timers whose partition was read up to their due time. The others stay: they are held until the log has caught up. */
  take(now: number, readUpTo: (partition: number) => number): TimerRow[] {
    const due: TimerRow[] = []
    const held: TimerRow[] = []
    while ((this.#heap.topKey ?? Number.POSITIVE_INFINITY) <= now) {
      const timer = this.#heap.pop()
      if (timer === undefined || this.#current.get(keyOf(timer)) !== timer) {
        continue
      }
      if (readUpTo(timer.partition) >= timer.due) {
        this.#current.delete(keyOf(timer))
        due.push(timer)
      } else {
        held.push(timer)
      }
    }
    for (const timer of held) {
      this.#heap.push(timer.due, timer)
    }
    return due
  }

  /** When the queue wants to be looked at again, ms; undefined before the first load. */
  nextAt(): number | undefined {
    return Math.min(this.#heap.topKey ?? Number.POSITIVE_INFINITY, this.#loadedUntil - horizonMs / 2)
  }

  #add(row: TimerRow): void {
    const known = this.#current.get(keyOf(row))
    if (known?.arming !== row.arming) {
      this.#current.set(keyOf(row), row)
      this.#heap.push(row.due, row)
    }
  }
}

function keyOf(timer: Pick<TimerRow, 'address' | 'id'>): string {
  return `${timer.address} ${timer.id}`
}

import { CatchUp } from './catch-up.ts'
import type { Connection } from './connection.ts'
import type { OwnedPartitions } from './owned-partitions.ts'
import type { Clock, Mailbox, Polled, Watermark } from './ports.ts'
import type { TimerQueue } from './timers.ts'

export interface LogReaderParts {
  readonly mailbox: Pick<Mailbox, 'poll' | 'ends'>
  readonly watermark: Watermark
  readonly connection: Pick<Connection, 'use'>
  readonly clock: Clock
  readonly partitions: OwnedPartitions
  readonly timers: Pick<TimerQueue, 'nextAt'>
  /** Messages of one poll at most. */
  readonly pollLimit: number
  /** Something changed: the loop should look. */
  readonly wake: () => void
}

/** The ends are asked for again after this time when the log's server did not answer, ms. */
const askAgainMs = 500

const nothing: Polled = { records: [], isWhole: false, faults: [] }

/** Reads the owned partitions of the mailbox, and knows how far: timers and, after a claim, tasks wait for it. */
export class LogReader {
  readonly #parts: LogReaderParts
  readonly #catchUp = new CatchUp()
  /** The mailbox may hold records that were not polled. */
  #news = true
  #asking = false
  #askAt = 0

  constructor(parts: LogReaderParts) {
    this.#parts = parts
  }

  /** Something may have been appended. */
  announce(): void {
    this.#news = true
  }

  /** What arrived. A poll may cost a round trip: it is spared when nothing was announced and no timer waits for the log. */
  async read(now: number): Promise<Polled> {
    const { connection, mailbox, partitions, pollLimit, watermark } = this.#parts
    const ids = partitions.ids()
    if (ids.length === 0 || !(this.#news || this.#isTimerDue(now) || this.#catchUp.unread(ids).length > 0)) {
      return nothing
    }
    this.#news = false
    // Known before the poll: what came from outside by then stands in the log that is read next.
    const mark = Math.min(now, watermark.readUpTo() ?? Number.NEGATIVE_INFINITY)
    const polled = await connection.use(() => mailbox.poll(partitions.positions(), pollLimit))
    this.#news ||= polled.records.length > 0
    this.#follow(polled, now, mark)
    return polled
  }

  #follow(polled: Polled, now: number, mark: number): void {
    const { partitions, timers } = this.#parts
    const ids = partitions.ids()
    if (polled.isWhole) {
      this.#catchUp.readAll(ids, mark)
    } else if (this.#isTimerDue(now) && mark >= (timers.nextAt() ?? Number.POSITIVE_INFINITY)) {
      this.#askEnds(ids, now, mark)
    } else {
      this.#askEnds(this.#catchUp.unread(ids), now, mark)
    }
    this.#catchUp.advance(partitions.all(), polled.records)
    partitions.readable(ids.filter((partition) => this.#catchUp.wasRead(partition)))
  }

  /** Beside the loop: the log's server may be away, and tasks and running turns must not wait for it. */
  #askEnds(partitions: readonly number[], now: number, mark: number): void {
    if (this.#asking || partitions.length === 0 || now < this.#askAt) {
      return
    }
    this.#asking = true
    this.#parts.mailbox
      .ends(partitions)
      .then(
        (ends) => this.#catchUp.aim(partitions, ends, mark),
        () => {
          this.#askAt = now + askAgainMs
        },
      )
      .finally(() => {
        this.#asking = false
        this.#parts.wake()
      })
  }

  #isTimerDue(now: number): boolean {
    return (this.#parts.timers.nextAt() ?? Number.POSITIVE_INFINITY) <= now
  }

  wasRead(partition: number): boolean {
    return this.#catchUp.wasRead(partition)
  }

  readUpTo(partition: number): number {
    return this.#catchUp.readUpTo(partition)
  }

  drop(partitions: ReadonlySet<number>): void {
    this.#catchUp.drop(partitions)
    this.#news = true
  }
}

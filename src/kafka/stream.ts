import type { LogFault } from '../runtime/ports.ts'

/** What a stream needs to know of a record. */
export interface StreamRecord {
  readonly offset: number
  readonly id: string
}

/** Where reading of a partition begins. */
export interface StreamStart {
  readonly partition: number
  /** Offset of the first record wanted. */
  readonly offset: number
  /** Id of the record before it, as the database remembers it; null when unknown. */
  readonly lastRecord: string | null
}

/** What must be done after a batch was taken in. */
export type Taken = { readonly kind: 'taken' } | { readonly kind: 'seek'; readonly offset: number } | { readonly kind: 'reopen' }

/** Records kept ahead of the loop; above this the partition is paused. */
const mostKept = 4_000

/**
 * The records of one partition that were fetched ahead, in order and without unexplained gaps (rules 12). The position is the
 * database's: what lies below it is dropped, what lies above it is sought back until it begins at the same
 * record twice in a row, which makes it a legal gap: a batch of an earlier fetch may come in between.
 */
export class Stream<Kept extends StreamRecord> {
  readonly #start: StreamStart
  #records: Kept[] = []
  #next: number
  /** Where the last batch began that left out records. */
  #gapTo: number | undefined
  /** True until the record before the start was recognised, or is known to be gone. */
  #verifying: boolean
  #fault: LogFault | undefined

  /** @param low first offset the log still has */
  constructor(start: StreamStart, low: number) {
    this.#start = start
    this.#next = start.offset
    this.#verifying = start.lastRecord !== null && low < start.offset
  }

  /** Where to seek to: one record early where it can be recognised, so that a log that is another one is told by its content. */
  get seekTo(): number {
    return this.#verifying ? this.#start.offset - 1 : this.#start.offset
  }

  /** Offset of the next record that may come. */
  get next(): number {
    return this.#next
  }

  get fault(): LogFault | undefined {
    return this.#fault
  }

  get isFull(): boolean {
    return this.#records.length >= mostKept
  }

  get isHalfEmpty(): boolean {
    return this.#records.length <= mostKept / 2
  }

  /** Takes in a fetched batch. */
  take(batch: readonly Kept[]): Taken {
    const unknown = this.#verify(batch)
    const first = unknown[0]
    if (this.#fault !== undefined || first === undefined) {
      return { kind: 'taken' }
    }
    if (first.offset > this.#next && first.offset !== this.#gapTo) {
      this.#gapTo = first.offset
      return { kind: 'seek', offset: this.#next }
    }
    const fresh = unknown.filter((record) => record.offset >= this.#next)
    if (fresh.length === 0) {
      return { kind: 'reopen' }
    }
    this.#gapTo = undefined
    this.#records.push(...fresh)
    this.#next = (fresh.at(-1) as Kept).offset + 1
    return { kind: 'taken' }
  }

  /** The records after the one before the start, once that was recognised. */
  #verify(batch: readonly Kept[]): readonly Kept[] {
    const [first] = batch
    if (!this.#verifying || first === undefined) {
      return batch
    }
    this.#verifying = false
    if (first.offset !== this.#start.offset - 1) {
      return batch
    }
    if (first.id !== this.#start.lastRecord) {
      this.#fault = replaced(
        this.#start,
        `offset ${first.offset} holds '${first.id}', the database handled '${this.#start.lastRecord}' there`,
      )
    }
    return batch.slice(1)
  }

  /** Records from an offset on; what lies below is forgotten. */
  from(offset: number, limit: number): readonly Kept[] {
    const drop = this.#records.findIndex((record) => record.offset >= offset)
    if (drop !== 0) {
      this.#records = drop < 0 ? [] : this.#records.slice(drop)
    }
    return this.#records.slice(0, limit)
  }
}

/** What the ends of a log say against a position; undefined when it can be followed. */
export function faultOf({ partition, offset }: StreamStart, ends: { readonly low: number; readonly high: number }): LogFault | undefined {
  if (ends.low > offset) {
    const message = `partition ${partition} of the mailbox begins at offset ${ends.low}, the database has handled it up to ${offset}: ${ends.low - offset} offsets are gone${remedy}`
    return { partition, code: 'log-truncated', message }
  }
  return ends.high < offset
    ? replaced({ partition, offset, lastRecord: null }, `it ends at offset ${ends.high}, the database has handled it up to ${offset}`)
    : undefined
}

const remedy = '; see what was lost, then let it go on with `quire doctor --accept-gap`'

function replaced({ partition }: StreamStart, what: string): LogFault {
  return { partition, code: 'log-replaced', message: `partition ${partition} of the mailbox is not the log it was: ${what}${remedy}` }
}

import type { Store } from './ports.ts'
import type { SnapshotCache } from './snapshot-cache.ts'
import type { DecidedTurn } from './turn.ts'
import type { HeldRow, Turn } from './turn-rows.ts'

const pageSize = 100

/**
 * Messages of actors that stand still are held in the database, in order. This knows which actors have some, keeps later
 * messages behind them, and lets them go page by page when the actor can go on: after a claim (a new version may be
 * deployed) and after a replay unparked it.
 */
export class Backlog {
  readonly #store: Pick<Store, 'held' | 'heldAddresses'>
  readonly #actors = new Map<string, number>()
  readonly #trying = new Set<string>()
  /** The actor whose page is under way, and whether it is its last. */
  #page: { readonly address: string; readonly last: boolean } | undefined

  constructor(store: Pick<Store, 'held' | 'heldAddresses'>) {
    this.#store = store
  }

  async load(partitions: readonly number[]): Promise<void> {
    for (const { partition, address } of await this.#store.heldAddresses(partitions)) {
      this.#actors.set(address, partition)
      this.#trying.add(address)
    }
  }

  /** True for an actor whose new messages must wait behind held ones. */
  readonly standing = (address: string): boolean => {
    return this.#actors.has(address) && !(this.#page?.address === address && this.#page.last)
  }

  /** The next page of held messages to try; empty when there is none. */
  async next(parts: { readonly cache: Pick<SnapshotCache, 'get'> }): Promise<readonly HeldRow[]> {
    this.#page = undefined
    for (const address of this.#trying) {
      const partition = this.#actors.get(address)
      if (partition !== undefined && parts.cache.get(address)?.parked == null) {
        const rows = await this.#store.held(partition, address, pageSize)
        this.#page = { address, last: rows.length < pageSize }
        return rows
      }
      this.#trying.delete(address)
    }
    return []
  }

  /** Takes in a committed turn; true when it let an actor go on that stood still. */
  committed(turn: Turn, decided: DecidedTurn): boolean {
    for (const row of turn.held) {
      this.#actors.set(row.address, row.partition)
    }
    for (const { address } of turn.erased) {
      this.#actors.delete(address)
      this.#trying.delete(address)
    }
    if (this.#page !== undefined) {
      this.#pageDone(turn, this.#page)
    }
    const freed = turn.actors.filter((row) => row.parked === null && decided.wereParked.has(row.address))
    for (const { address } of freed) {
      if (this.#actors.has(address)) {
        this.#trying.add(address)
      }
    }
    return freed.length > 0
  }

  #pageDone(turn: Turn, page: { readonly address: string; readonly last: boolean }): void {
    const went = turn.released.some((row) => row.address === page.address)
    if (page.last || !went) {
      this.#trying.delete(page.address)
    }
    if (page.last && went && !turn.held.some((row) => row.address === page.address)) {
      this.#actors.delete(page.address)
    }
    this.#page = undefined
  }

  drop(partitions: ReadonlySet<number>): void {
    for (const [address, partition] of this.#actors) {
      if (partitions.has(partition)) {
        this.#actors.delete(address)
        this.#trying.delete(address)
      }
    }
    this.#page = undefined
  }
}

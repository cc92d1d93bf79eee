import { addressHash } from './message.ts'
import type { LiveActor } from './snapshot.ts'
import type { Turn } from './turn-rows.ts'

/** Live actors of the last turns, bounded; the one unused for longest goes first. Everything in it is in the database too. */
export class SnapshotCache {
  readonly #actors = new Map<string, { actor: LiveActor; usedAt: number }>()
  readonly #addresses = new Map<string, string>()
  readonly #most: number

  /** @param most actors kept; default 10,000 */
  constructor(most = 10_000) {
    this.#most = most
  }

  get size(): number {
    return this.#actors.size
  }

  get(address: string): LiveActor | undefined {
    return this.#actors.get(address)?.actor
  }

  /** The address of a kept actor by its hash. */
  addressOf(hash: string): string | undefined {
    return this.#addresses.get(hash)
  }

  put(actor: LiveActor, now: number): void {
    if (!this.#actors.delete(actor.address)) {
      this.#addresses.set(addressHash(actor.address), actor.address)
    }
    this.#actors.set(actor.address, { actor, usedAt: now })
    while (this.#actors.size > this.#most) {
      this.#forget(this.#actors.keys().next().value as string)
    }
  }

  /** Takes in the actors a committed turn left; those it erased are forgotten. */
  committed(actors: Iterable<LiveActor>, { now, erased }: Pick<Turn, 'now' | 'erased'>): void {
    for (const actor of actors) {
      this.put(actor, now)
    }
    for (const { address } of erased) {
      this.#forget(address)
    }
  }

  #forget(address: string): void {
    this.#actors.delete(address)
    this.#addresses.delete(addressHash(address))
  }

  /** Forgets the actors of these partitions: another owner may have changed them. */
  drop(partitions: ReadonlySet<number>): void {
    for (const [address, { actor }] of this.#actors) {
      if (partitions.has(actor.partition)) {
        this.#forget(address)
      }
    }
  }

  /** Forgets actors not used since `before`: an idle actor costs a row and nothing else. */
  passivate(before: number): void {
    for (const [address, { usedAt }] of this.#actors) {
      if (usedAt >= before) {
        return
      }
      this.#forget(address)
    }
  }
}

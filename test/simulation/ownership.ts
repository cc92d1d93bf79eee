import type { Ownership, OwnershipListener } from '../../src/runtime/ports.ts'

/** Who owns the partitions in a simulated cluster: the first of the line. A crashed node leaves it late, a stolen lock is not announced. */
export class SimulatedLock {
  readonly #line: { readonly node: string; readonly listener: OwnershipListener }[] = []
  readonly #partitions: readonly number[]

  constructor(partitions: number) {
    this.#partitions = Array.from({ length: partitions }, (_, index) => index)
  }

  port(node: string): Ownership {
    return {
      start: (listener) => {
        this.#line.push({ node, listener })
        this.#line.length === 1 ? listener.assigned(this.#partitions) : listener.standby(this.#line[0]?.node)
      },
      stop: async () => this.leave(node),
    }
  }

  /** The node leaves the line; the next one owns. Its listener is not told: it may be dead, or a zombie. */
  leave(node: string): void {
    const place = this.#line.findIndex((entry) => entry.node === node)
    if (place >= 0) {
      this.#line.splice(place, 1)
      if (place === 0) {
        this.#line[0]?.listener.assigned(this.#partitions)
      }
    }
  }

  /** The owner loses the lock without knowing, and stands at the end of the line again. */
  steal(): void {
    const [owner] = this.#line
    if (owner !== undefined && this.#line.length > 1) {
      this.#line.shift()
      this.#line.push(owner)
      this.#line[0]?.listener.assigned(this.#partitions)
    }
  }
}

import type { Slot } from '../comparison.ts'
import type { RandomStream } from '../random.ts'

/** Keeps both slots fair: how often each item stood in slot A more than in slot B, and which orientations were seen. */
export class Orientation {
  readonly #skew: number[]
  readonly #seen = new Set<number>()
  readonly #random: RandomStream

  constructor(n: number, slots: readonly Slot[], random: RandomStream) {
    this.#skew = new Array<number>(n).fill(0)
    this.#random = random
    for (const { a, b } of slots) {
      this.#count(a, b)
    }
  }

  /**
   * Orients a pair (domain 6). Resampling: the other orientation if only one was seen. Else the one with the smaller
   * resulting skews; a coin where they are equal.
   */
  orient(one: number, other: number, mode: Slot['mode']): { readonly a: number; readonly b: number } {
    const forward = this.#prefers(one, other, mode)
    const pair = forward ? { a: one, b: other } : { a: other, b: one }
    this.#count(pair.a, pair.b)
    return pair
  }

  #prefers(one: number, other: number, mode: Slot['mode']): boolean {
    const seenForward = this.#seen.has(one * 4_096 + other)
    const seenBackward = this.#seen.has(other * 4_096 + one)
    if (mode === 'resampling' && seenForward !== seenBackward) {
      return seenBackward
    }
    const forward = Math.abs(this.#skewOf(one) + 1) + Math.abs(this.#skewOf(other) - 1)
    const backward = Math.abs(this.#skewOf(one) - 1) + Math.abs(this.#skewOf(other) + 1)
    return forward === backward ? this.#random.next() < 0.5 : forward < backward
  }

  #skewOf(item: number): number {
    return this.#skew[item] ?? 0
  }

  #count(a: number, b: number): void {
    this.#skew[a] = this.#skewOf(a) + 1
    this.#skew[b] = this.#skewOf(b) - 1
    this.#seen.add(a * 4_096 + b)
  }
}

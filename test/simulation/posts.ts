import { parseComparisonId } from '../../src/batch/comparison-id.ts'
import type { Invariants } from './invariants.ts'

/** What the provider was asked, and what of it had been answered: the money. */
export class Posts {
  count = 0
  readonly #invariants: Invariants
  readonly #asked = new Set<string>()
  readonly #answered = new Set<string>()

  constructor(invariants: Invariants) {
    this.#invariants = invariants
  }

  /** Comparisons asked, each counted once however often it was posted. */
  get comparisons(): number {
    return this.#asked.size
  }

  /** A question is wrong once the verdict of that very comparison is in the journal, whoever asks. */
  asked(comparison: string): void {
    this.count += 1
    this.#asked.add(comparison)
    if (this.#answered.has(comparison)) {
      this.#invariants.note('nothing is asked twice', comparison)
    }
  }

  /** A verdict was committed. */
  answered(comparison: string): void {
    this.#answered.add(comparison)
  }

  /** An outage that delayed verdicts, and did nothing else, costs not one post more. */
  checkNoneExtra(expected: number): void {
    const again = [...this.#asked].filter((id) => parseComparisonId(id)?.attempt !== 1)
    if (again.length > 0 || this.comparisons !== expected) {
      this.#invariants.note('an outage costs no extra post', `${this.comparisons} instead of ${expected}, ${again.length} of them again`)
    }
  }
}

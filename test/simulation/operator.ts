import type { Runtime } from '../../src/runtime/runtime-api.ts'
import type { DeadLetterRow } from '../../src/runtime/turn-rows.ts'
import type { MemoryDatabase } from '../../src/testing/memory-database.ts'
import type { SimulatedClock } from '../../src/testing/simulated-clock.ts'

export interface OperatorParts {
  readonly clock: SimulatedClock
  readonly database: MemoryDatabase
  /** A process that is alive. */
  readonly anyRuntime: () => Runtime | undefined
}

const lookMs = 5_000

/**
 * Replays, when calm has returned, what was set aside though nothing was wrong with it: deliveries whose owners died three times
 * for other reasons (rules 29), and messages that then met no actor.
 */
export class Operator {
  readonly #parts: OperatorParts
  readonly #tried = new Set<string>()

  constructor(parts: OperatorParts) {
    this.#parts = parts
  }

  /** True when nothing is left to replay. */
  get isDone(): boolean {
    return this.#next() === undefined
  }

  start(): void {
    this.#parts.clock.schedule(lookMs, () => {
      const letter = this.#next()
      if (letter !== undefined) {
        this.#tried.add(letter.id)
        // What still cannot be decoded stays where it is: it was poison all the same.
        this.#parts
          .anyRuntime()
          ?.replay(letter.id)
          .catch(() => undefined)
      }
      this.start()
    })
  }

  /** One at a time, the oldest first: a birth comes before what the actor is told. */
  #next(): DeadLetterRow | undefined {
    const { actors, deadLetters } = this.#parts.database
    const all = [...deadLetters.values()].filter(({ id }) => !this.#tried.has(id))
    return (
      all.find(({ cause }) => cause === 'delivery-deadly') ??
      all.find(({ cause, address }) => cause === 'unknown-address' && actors.has(address))
    )
  }
}

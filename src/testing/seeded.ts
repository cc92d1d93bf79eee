import { randomStream } from '../judging/random.ts'
import type { Ids, Random } from '../runtime/ports.ts'

/** Numbers in [0, 1) that depend on the seed alone. */
export function seededRandom(seed: string): Random {
  return randomStream(seed, 0)
}

/** Ids that depend on the seed and their order alone. */
export function seededIds(seed: string): Ids {
  let count = 0
  return { next: () => `${seed}-${++count}` }
}

import { judgementsOf, pairKey, type Slot } from '../comparison.ts'
import { timesPlanned } from '../net.ts'
import type { RandomStream } from '../random.ts'
import type { ItemPair } from './coverage.ts'

export interface ResamplingRequest {
  readonly n: number
  readonly slots: readonly Slot[]
  /** Times a pair may be planned in all. */
  readonly mostTimes: number
  /** Pairs wanted. */
  readonly wanted: number
  /** Each item at most once, while that is possible. */
  readonly disjoint: boolean
}

/**
 * Pairs to judge again: only pairs with a success (rules 43), those planned least often first, then those whose items were
 * compared least, random where that is equal. No pair comes a third time before all came a second time.
 */
export function chooseResampling({ n, slots, mostTimes, wanted, disjoint }: ResamplingRequest, random: RandomStream): ItemPair[] {
  const times = timesPlanned(slots)
  const compared = new Array<number>(n).fill(0)
  for (const { a, b } of slots) {
    compared[a] = (compared[a] ?? 0) + 1
    compared[b] = (compared[b] ?? 0) + 1
  }
  const decided = new Map(judgementsOf(slots).map(({ a, b }) => [pairKey(a, b), [Math.min(a, b), Math.max(a, b)] as ItemPair]))
  const candidates = [...decided]
    .map(([key, pair]) => ({
      pair,
      times: times.get(key) ?? 0,
      load: (compared[pair[0]] ?? 0) + (compared[pair[1]] ?? 0),
      lot: random.next(),
    }))
    .filter((candidate) => candidate.times < mostTimes)
    .sort((one, other) => one.times - other.times || one.load - other.load || one.lot - other.lot)
  const least = candidates[0]?.times
  const ofThisPass = candidates.filter((candidate) => candidate.times === least).map((candidate) => candidate.pair)
  return disjoint ? disjointPairs(ofThisPass, wanted) : ofThisPass.slice(0, wanted)
}

function disjointPairs(pairs: readonly ItemPair[], wanted: number): ItemPair[] {
  const used = new Set<number>()
  const chosen: ItemPair[] = []
  for (const pair of pairs) {
    if (chosen.length < wanted && !used.has(pair[0]) && !used.has(pair[1])) {
      used.add(pair[0]).add(pair[1])
      chosen.push(pair)
    }
  }
  return chosen
}

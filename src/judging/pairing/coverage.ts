import { pairKey } from '../comparison.ts'
import type { Components } from '../components.ts'
import type { RandomStream } from '../random.ts'
import { shuffled } from '../random.ts'

/** An unordered pair of items. */
export type ItemPair = readonly [one: number, other: number]

/**
 * All pairs in rounds of disjoint pairs: the circle method over the items in an order from the seed. An even n takes n - 1
 * rounds of n/2 pairs, an odd one n rounds in which one item rests; two rounds in a row join most items.
 */
export function coverageRounds(n: number, random: RandomStream): ItemPair[][] {
  const items = shuffled(
    Array.from({ length: n }, (_, item) => item),
    random,
  )
  const seats = n % 2 === 0 ? items : [...items, -1]
  const rounds: ItemPair[][] = []
  for (let round = 0; round < seats.length - 1; round++) {
    const ring = [seats[0] as number, ...rotated(seats.slice(1), round)]
    const pairs = Array.from(
      { length: ring.length / 2 },
      (_, place): ItemPair => [ring[place] as number, ring[ring.length - 1 - place] as number],
    )
    rounds.push(pairs.filter(([one, other]) => one >= 0 && other >= 0))
  }
  return rounds
}

function rotated(items: readonly number[], by: number): number[] {
  return items.map((_, index) => items[(index + by) % items.length] as number)
}

/** The next pairs never planned before: a round at a time, or all that remain; joins components first when clipped to `most`. */
export function chooseCoverage(
  rounds: readonly ItemPair[][],
  planned: ReadonlySet<number>,
  waveSize: number,
  most: number,
  components: Components,
): ItemPair[] {
  const remaining = rounds.flat().filter(([one, other]) => !planned.has(pairKey(one, other)))
  if (most >= Math.min(waveSize, remaining.length)) {
    return disjointFirst(remaining, waveSize)
  }
  const joining = remaining.filter(([one, other]) => components.join(one, other))
  const others = remaining.filter((pair) => !joining.includes(pair))
  return [...joining, ...others].slice(0, most)
}

/** As many pairs as asked, each item at most once while that is possible. */
function disjointFirst(pairs: readonly ItemPair[], size: number): ItemPair[] {
  if (size >= pairs.length) {
    return [...pairs]
  }
  const used = new Set<number>()
  return pairs
    .filter(([one, other]) => {
      const free = used.size < 2 * size && !used.has(one) && !used.has(other)
      if (free) {
        used.add(one).add(other)
      }
      return free
    })
    .slice(0, size)
}

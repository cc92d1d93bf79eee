import { judgementsOf, type Mode, pairKey } from '../comparison.ts'
import { componentsOf } from '../components.ts'
import { type Net, numbersOf } from '../net.ts'
import type { Policy } from '../policy.ts'
import { randomStream } from '../random.ts'
import { chooseCoverage, coverageRounds, type ItemPair } from './coverage.ts'
import { Orientation } from './orientation.ts'
import { chooseResampling } from './resampling.ts'

/** A pair to be judged, `a` shown in slot A. */
export interface Pair {
  readonly a: number
  readonly b: number
  readonly mode: Mode
}

/**
 * The next wave: pairs never planned until coverage is complete, then a resampling pass. A small net gets all of its coverage,
 * and each pass, in one wave; a larger one floor(n/2) pairs, each item once. Clipped to what the caps still allow.
 * @param seed of the batch; the same net and seed give the same wave
 * @returns empty when nothing more may, or can, be submitted
 */
export function choosePairs(net: Net, policy: Policy, seed: string): Pair[] {
  const numbers = numbersOf(net, policy)
  const left = Math.max(0, Math.min(numbers.workCap - numbers.planned, policy.totalBudget - numbers.attempts))
  const isSmall = net.n <= policy.smallNetSize || policy.singleSubmission
  const random = randomStream(seed, 1 + numbers.planned)
  const mode: Mode = numbers.covered < numbers.coverageCap ? 'coverage' : 'resampling'
  const waveSize = isSmall ? numbers.coverageCap : Math.max(1, Math.floor(net.n / 2))
  const chosen =
    mode === 'coverage'
      ? coverage(net, seed, waveSize, left)
      : chooseResampling(
          { n: net.n, slots: net.slots, mostTimes: 1 + numbers.passesAllowed, wanted: Math.min(waveSize, left), disjoint: !isSmall },
          random,
        )
  const orientation = new Orientation(net.n, net.slots, random)
  return chosen.map(([one, other]) => ({ ...orientation.orient(one, other, mode), mode }))
}

function coverage(net: Net, seed: string, waveSize: number, left: number): ItemPair[] {
  const rounds = coverageRounds(net.n, randomStream(seed, 0))
  const planned = new Set(net.slots.map(({ a, b }) => pairKey(a, b)))
  return chooseCoverage(rounds, planned, waveSize, left, componentsOf(net.n, judgementsOf(net.slots))).slice(0, left)
}

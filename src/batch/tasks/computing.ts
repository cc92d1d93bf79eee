import { decodeSlots } from '../../judging/comparison.ts'
import { type Decision, decide } from '../../judging/decide.ts'
import { choosePairs, type Pair } from '../../judging/pairing/choose-pairs.ts'
import type { Policy } from '../../judging/policy.ts'
import { scoreNet } from '../../judging/quality.ts'
import type { BatchContext, BatchScores } from '../../machines/batch.machine.ts'
import { netOf } from '../net.ts'

type NetInput = Pick<BatchContext, 'slots' | 'waveStarts' | 'previous' | 'exhausted'> & { readonly n: number; readonly policy: Policy }

/** The pure computations of a batch, by the name of their task: they run here, or in a worker when the net is large. */
export const computations = {
  choosePairs({ n, slots, waveStarts, policy, seed }: Omit<NetInput, 'previous' | 'exhausted'> & { readonly seed: string }): {
    readonly pairs: readonly Pair[]
  } {
    return { pairs: choosePairs(netOf({ items: blanks(n), slots, waveStarts, previous: null, exhausted: false }), policy, seed) }
  },
  decideHeavy({ n, policy, ...net }: NetInput): Decision {
    return decide(netOf({ items: blanks(n), ...net }), policy)
  },
  scoreBatch({ items, slots }: { readonly items: readonly string[]; readonly slots: string }): BatchScores {
    const scored = scoreNet({ n: items.length, slots: decodeSlots(slots) })
    return {
      ranking: scored.scores.map(({ item, rank, score, se }) => ({
        id: items[item] as string,
        rank,
        score: rounded(score),
        se: rounded(se),
      })),
      reliability: rounded(scored.reliability),
      flags: scored.flags,
      components: scored.components,
      seSummary: Object.fromEntries(Object.entries(scored.seSummary).map(([name, value]) => [name, rounded(value)])),
      positionBias: scored.positionBias,
    }
  },
}

export type ComputationName = keyof typeof computations

function blanks(n: number): string[] {
  return new Array<string>(n).fill('')
}

function rounded(value: number): number {
  return Math.round(value * 1e9) / 1e9
}

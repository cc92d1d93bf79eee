import { slotCount } from '../../judging/comparison.ts'
import type { Pair } from '../../judging/pairing/choose-pairs.ts'
import type { Json, TaskDefinition } from '../../runtime/define-actor.ts'

/** In place of a choice: the pairs that were judged already, each once, in one wave. Then there is nothing more. */
export function recordedPairsTask(recorded: readonly Pair[]): TaskDefinition {
  return {
    attempts: 1,
    async run({ n, slots }: { readonly n: number; readonly slots: string }) {
      const outside = recorded.find(({ a, b }) => Math.max(a, b) >= n)
      if (outside !== undefined) {
        throw new RangeError(`the judgements name item ${Math.max(outside.a, outside.b)}; the batch has ${n} usable essays`)
      }
      return { output: { pairs: recorded.slice(slotCount(slots)) as readonly object[] as Json } }
    },
  }
}

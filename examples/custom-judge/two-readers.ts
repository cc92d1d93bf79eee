import type { ComparisonRequest, Judge } from '../../src/index.ts'

/** Says which text is better, and how sure it is of it, from 1 to 5. */
export type Reader = (
  texts: { readonly a: string; readonly b: string },
  signal: AbortSignal,
) => Promise<{
  readonly better: 'a' | 'b'
  readonly sure: number
}>

/**
 * A judge in this process that asks two readers, each with the essays in another order, so that a liking for the first place
 * cancels out. Where they differ, the surer one decides.
 */
export function twoReaders(reader: Reader, { concurrency = 4 }: { readonly concurrency?: number } = {}): Judge {
  return {
    concurrency,
    async submit({ essayA, essayB }, { signal, answer }) {
      const [straight, crossed] = await Promise.all([
        reader({ a: essayA.text, b: essayB.text }, signal),
        reader({ a: essayB.text, b: essayA.text }, signal),
      ])
      const votes = [straight, { better: crossed.better === 'a' ? 'b' : 'a', sure: crossed.sure } as const]
      const [first, second] = votes.sort((one, other) => other.sure - one.sure) as [(typeof votes)[0], (typeof votes)[0]]
      await answer(verdict(first.better, first.better === second.better ? first.sure : 1, { essayA, essayB }))
    },
  }
}

/** The data of a callback: what every judge answers. */
function verdict(better: 'a' | 'b', confidence: number, { essayA, essayB }: Pick<ComparisonRequest, 'essayA' | 'essayB'>): object {
  return {
    winner: better === 'a' ? 'Essay A' : 'Essay B',
    justification: 'by two readings in both orders',
    confidence,
    provider: 'two-readers',
    model: '1',
    request_metadata: { essay_a_id: essayA.id, essay_b_id: essayB.id },
  }
}

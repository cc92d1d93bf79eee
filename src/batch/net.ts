import { decodeSlots } from '../judging/comparison.ts'
import type { Net } from '../judging/net.ts'
import type { BatchContext } from '../machines/batch.machine.ts'

/** The net a batch's context holds. */
export function netOf(context: Pick<BatchContext, 'items' | 'slots' | 'waveStarts' | 'previous' | 'exhausted'>): Net {
  return {
    n: context.items.length,
    slots: decodeSlots(context.slots),
    waveStarts: context.waveStarts,
    previous: context.previous ?? undefined,
    exhausted: context.exhausted,
  }
}

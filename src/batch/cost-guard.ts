import type { BatchContext } from '../machines/batch.machine.ts'

/** True when the batch has spent what it may, so that nothing more is asked. What was asked before is still paid. */
export function isTooDear({ costCap, costAllowed, usage }: Pick<BatchContext, 'costCap' | 'costAllowed' | 'usage'>): boolean {
  return costCap > 0 && usage.cost >= costAllowed
}

export function capReached({ costCap, costAllowed, usage }: Pick<BatchContext, 'costCap' | 'costAllowed' | 'usage'>): string {
  return (
    `it has cost ${usage.cost.toFixed(4)} USD of ${costAllowed.toFixed(4)} (QUIRE_MAX_BATCH_COST_USD is ${costCap}); ` +
    `resuming it allows ${costCap} USD more`
  )
}

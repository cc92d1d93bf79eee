import type { AnyMachineSnapshot } from 'xstate'
import type { BatchContext, BatchInput, Stamped } from '../machines/batch.machine.ts'
import type { Effect, EffectScope } from '../runtime/define-actor.ts'
import { assessedBeforeEvent } from './outbound.ts'

/**
 * Answers a second request of a batch (rules 3): the same one sent again, and any other while the batch runs, gets no answer;
 * afterwards another one is told that the batch has been assessed. It never gets a second life.
 */
export function answerSecondRequest(snapshot: AnyMachineSnapshot, input: BatchInput & Stamped, scope: EffectScope): Effect[] {
  const { bosBatchId: batchId, correlationId, end } = snapshot.context as BatchContext
  if (input.correlationId === correlationId || snapshot.status === 'active' || end === null) {
    return []
  }
  const { address, at } = scope
  const request = { address, batchId, correlationId: input.correlationId, messageId: input.id, at }
  return [
    { kind: 'publish', ...assessedBeforeEvent(request, end.status) },
    { kind: 'note', note: { refused: 'create', reason: 'batch already assessed', correlationId: input.correlationId } },
  ]
}

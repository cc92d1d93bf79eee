import type { AnyMachineSnapshot } from 'xstate'
import type { BatchContext, BatchInput, Stamped } from '../machines/batch.machine.ts'
import type { Effect, EffectScope, Json } from '../runtime/define-actor.ts'
import { assessedBeforeEvent } from './outbound.ts'
import { batchIdOf } from './request.ts'

/**
 * Answers a second request of a batch (rules 3): the same one sent again, and any other while the batch runs, gets no answer;
 * afterwards another one is told that the batch has been assessed. It never gets a second life.
 */
export function answerSecondRequest(snapshot: AnyMachineSnapshot, input: BatchInput & Stamped, scope: EffectScope): Effect[] {
  const { bosBatchId, correlationId, end } = snapshot.context as BatchContext
  return snapshot.status === 'active' || end === null
    ? []
    : answer({ batchId: bosBatchId, correlationId, status: end.status }, input, scope)
}

/** What a batch that is archived or forgotten is known by. */
type Remains = { readonly correlationId: string; readonly status: string }

export function batchRemains(snapshot: AnyMachineSnapshot): Remains {
  const { correlationId, end } = snapshot.context as BatchContext
  return { correlationId, status: end?.status ?? 'FORGOTTEN' }
}

/** Answers a request of a batch that is gone, as if it had just ended. */
export function answerLateRequest(remains: Json, input: BatchInput & Stamped, scope: EffectScope): Effect[] {
  const { correlationId = '', status = 'FORGOTTEN' } = (remains ?? {}) as Partial<Remains>
  return answer({ batchId: batchIdOf(scope.address), correlationId, status }, input, scope)
}

function answer(known: Remains & { readonly batchId: string }, input: BatchInput & Stamped, { address, at }: EffectScope): Effect[] {
  if (input.correlationId === known.correlationId) {
    return []
  }
  const request = { address, batchId: known.batchId, correlationId: input.correlationId, messageId: input.id, at }
  return [
    { kind: 'publish', ...assessedBeforeEvent(request, known.status) },
    { kind: 'note', note: { refused: 'create', reason: 'batch already assessed', correlationId: input.correlationId } },
  ]
}

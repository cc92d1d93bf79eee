import { expect, it } from 'vitest'
import { batchActor } from '../../src/batch/batch.actor.ts'
import { batchInput } from '../../src/batch/request.ts'
import type { BatchContext } from '../../src/machines/batch.machine.ts'
import { createRegistry, type RegisteredActor } from '../../src/runtime/registry.ts'
import { revive } from '../../src/runtime/snapshot.ts'
import type { ActorRow } from '../../src/runtime/turn-rows.ts'
import { TurnDriver } from '../support/turn-driver.ts'

const unreachable = async (): Promise<never> => {
  throw new Error('nobody is called')
}
const batch = batchActor({ judge: { submit: unreachable }, content: { fetch: unreachable } })

it('a batch stored before its request’s options were kept comes back with those it had', () => {
  const input = batchInput({ batchId: 'b', userId: 'u', essays: [{ id: 'e', storageId: 's' }] })
  const row = new TurnDriver({ batch }).life('batch/b', input).turn.actors[0] as ActorRow
  const stored = JSON.parse(row.snapshot) as { readonly context: Record<string, unknown> }
  const { options, prompt, ...context } = stored.context
  const old = { ...row, version: 1, snapshot: JSON.stringify({ ...stored, context }) }
  const revived = revive(old, createRegistry({ batch }).typeOf('batch/b') as RegisteredActor)
  expect(prompt).toBe('none')
  expect(revived.snapshot.context as BatchContext).toMatchObject({ options, prompt: 'missing' })
})

it('a batch’s context does without the text of its request; the birth in the journal has it', () => {
  const input = batchInput({ batchId: 'b', userId: 'u', essays: [], originalRequest: 'the text' })
  const { turn } = new TurnDriver({ batch }).life('batch/b', input)
  expect(turn.actors[0]?.snapshot).not.toContain('the text')
  expect(turn.journal[0]?.event).toContain('the text')
})

it('a batch stored before costs were counted comes back with none and without a limit', () => {
  const input = batchInput({ batchId: 'b', userId: 'u', essays: [{ id: 'e', storageId: 's' }] }, { maxBatchCostUsd: 3 })
  const row = new TurnDriver({ batch }).life('batch/b', input).turn.actors[0] as ActorRow
  const stored = JSON.parse(row.snapshot) as { readonly context: Record<string, unknown> }
  expect(stored.context).toMatchObject({ costCap: 3, costAllowed: 3, usage: { tokens: 0, cost: 0 } })
  const { usage: _, costCap: __, costAllowed: ___, pausedBy: ____, ...context } = stored.context
  const old = { ...row, version: 3, snapshot: JSON.stringify({ ...stored, context }) }
  const revived = revive(old, createRegistry({ batch }).typeOf('batch/b') as RegisteredActor)
  expect(revived.snapshot.context as BatchContext).toMatchObject({
    costCap: 0,
    costAllowed: 0,
    usage: { tokens: 0, cost: 0 },
    pausedBy: null,
  })
})

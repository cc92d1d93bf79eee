import { assign, setup } from 'xstate'
import { batchActor } from '../src/batch/batch.actor.ts'
import { comparisonId } from '../src/batch/comparison-id.ts'
import { batchAddress, batchInput } from '../src/batch/request.ts'
import { type ActorDefinition, defineActor } from '../src/runtime/define-actor.ts'

/** A workload: actors, how they are born, and their n-th event. */
export interface Workload {
  readonly actors: Readonly<Record<string, ActorDefinition>>
  readonly address: (actor: number) => string
  readonly input: (actor: number) => object
  readonly event: (actor: number, number: number) => { readonly type: string }
}

const counterMachine = setup({
  types: { context: {} as { count: number; payload: string }, input: {} as { payload: string }, events: {} as { type: 'ADD'; by: number } },
  actions: { add: assign({ count: ({ context, event }) => context.count + event.by }) },
}).createMachine({
  id: 'counter',
  context: ({ input }) => ({ count: 0, payload: input.payload }),
  initial: 'even',
  states: {
    even: { on: { ADD: { target: 'odd', actions: { type: 'add' } } } },
    odd: { on: { ADD: { target: 'even', actions: { type: 'add' } } } },
  },
})

/** A small machine that carries 1.2 KB of context: the runtime's own cost. */
export const smallMachine: Workload = {
  actors: { counter: defineActor({ machine: counterMachine, version: 1 }) },
  address: (actor) => `counter/${actor}`,
  input: () => ({ payload: 'x'.repeat(1_150) }),
  event: () => ({ type: 'ADD', by: 1 }),
}

const essays = Array.from({ length: 12 }, (_, index) => ({ id: `essay-${index}`, storageId: `text-${index}` }))

/** Batches of 12 essays in their coverage; each event is a verdict for a slot of the running wave, repeated verdicts included. */
export const batchMachineLoad: Workload = {
  actors: {
    batch: batchActor({
      judge: { concurrency: 64, submit: async () => {} },
      content: { fetch: async (storageId) => `text of ${storageId}` },
      settings: { comparisonDeadlineSeconds: 0 },
    }),
  },
  address: (actor) => batchAddress(`bench-${actor}`),
  input: (actor) =>
    batchInput(
      { batchId: `bench-${actor}`, userId: 'bench', essays, maxComparisons: 100_000 },
      { maxComparisonsCeiling: 100_000, smallNetSize: 12 },
    ),
  event: (actor, number) => verdict(batchAddress(`bench-${actor}`), number),
}

function verdict(address: string, slot: number): { readonly type: string } {
  const details = {
    message: null,
    justification: 'a is clearer',
    confidence: 4,
    provider: 'mock',
    model: 'bench',
    responseTimeMs: 900,
    tokens: 800,
    cost: 0.001,
  }
  const event = {
    type: 'VERDICT',
    comparison: comparisonId(address, slot, 1),
    slot,
    attempt: 1,
    winner: slot % 3 === 0 ? 'b' : 'a',
    errorCode: null,
    details,
  }
  return event
}

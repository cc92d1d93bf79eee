import { assign, fromPromise, setup } from 'xstate'
import { type ActorDefinition, defineActor, type TaskDefinition } from '../../../src/runtime/define-actor.ts'

/** An order that is charged, then shipped: two tasks, a failure with compensation, effects to the outside. */
const orderMachine = setup({
  types: {
    context: {} as { amount: number; receipt: string | null; reason: string | null },
    input: {} as { amount: number },
    events: {} as { type: 'CANCEL' },
  },
  actors: {
    charge: fromPromise<{ receipt: string }, { amount: number }>(async ({ input }) => ({ receipt: `r-${input.amount}` })),
    ship: fromPromise<void, { receipt: string | null }>(async () => {}),
  },
  actions: {
    keepReceipt: assign({ receipt: (_, params: { receipt: string }) => params.receipt }),
    keepReason: assign({ reason: (_, params: { reason: string }) => params.reason }),
    announce: (_, _params: { what: string }) => {},
  },
}).createMachine({
  id: 'order',
  context: ({ input }) => ({ amount: input.amount, receipt: null, reason: null }),
  initial: 'charging',
  states: {
    charging: {
      invoke: {
        id: 'charge',
        src: 'charge',
        input: ({ context }) => ({ amount: context.amount }),
        onDone: { target: 'shipping', actions: { type: 'keepReceipt', params: ({ event }) => event.output } },
        onError: {
          target: 'refused',
          actions: { type: 'keepReason', params: ({ event }) => ({ reason: (event.error as Error).message }) },
        },
      },
      on: { CANCEL: { target: 'cancelled' } },
    },
    shipping: {
      entry: { type: 'announce', params: { what: 'charged' } },
      invoke: {
        id: 'ship',
        src: 'ship',
        input: ({ context }) => ({ receipt: context.receipt }),
        onDone: { target: 'shipped' },
      },
    },
    shipped: { type: 'final', tags: ['done'], entry: { type: 'announce', params: { what: 'shipped' } } },
    refused: { type: 'final', tags: ['done'] },
    cancelled: { type: 'final', tags: ['done'] },
  },
  output: ({ context }) => ({ receipt: context.receipt, reason: context.reason }),
})

/** An order actor; `tasks` replace the machine's own promises. */
export function order(tasks: Readonly<Record<string, TaskDefinition>> = {}): ActorDefinition {
  return defineActor({
    machine: orderMachine,
    version: 1,
    tasks,
    effects: {
      announce: (params: { what: string }, scope) => ({
        kind: 'publish',
        topic: 'orders',
        key: scope.address,
        payload: { what: params.what },
      }),
    },
  })
}

import { assign, fromPromise, setup } from 'xstate'
import { type ActorDefinition, defineActor } from '../../src/index.ts'

/** An order that is paid and shipped, or goes back to the shelf when nobody pays within two days. Nothing here knows of Quire. */
const orderMachine = setup({
  types: {
    context: {} as { readonly customer: string; readonly parcel: string | null },
    input: {} as { readonly customer: string },
    events: {} as { type: 'PAID' } | { type: 'CANCELLED' },
  },
  actors: {
    ship: fromPromise<{ parcel: string }, { customer: string }>(() => Promise.reject(new Error('given by orderActor'))),
  },
  actions: {
    keepParcel: assign({ parcel: (_, { parcel }: { parcel: string }) => parcel }),
    tellCustomer: (_, _params: { customer: string; news: string }) => {},
  },
  delays: { patience: 2 * 24 * 3_600_000 },
}).createMachine({
  id: 'order',
  context: ({ input }) => ({ customer: input.customer, parcel: null }),
  initial: 'unpaid',
  states: {
    unpaid: {
      after: { patience: 'shelved' },
      on: { PAID: 'shipping', CANCELLED: 'shelved' },
    },
    shipping: {
      invoke: {
        id: 'ship',
        src: 'ship',
        input: ({ context }) => ({ customer: context.customer }),
        onDone: { target: 'shipped', actions: { type: 'keepParcel', params: ({ event }) => event.output } },
        onError: 'shelved',
      },
    },
    shipped: {
      type: 'final',
      tags: ['done'],
      entry: { type: 'tellCustomer', params: ({ context }) => ({ customer: context.customer, news: `parcel ${context.parcel}` }) },
    },
    shelved: {
      type: 'final',
      tags: ['done'],
      entry: { type: 'tellCustomer', params: ({ context }) => ({ customer: context.customer, news: 'back on the shelf' }) },
    },
  },
})

export interface Carrier {
  /** Books a parcel; the same key books the same one. */
  book(customer: string, idempotencyKey: string): Promise<string>
}

/** The machine as a durable actor: its promise is a task of the carrier's, its news are records of a topic. */
export function orderActor(carrier: Carrier): ActorDefinition {
  return defineActor({
    machine: orderMachine,
    version: 1,
    tasks: {
      ship: {
        run: async ({ customer }: { customer: string }, { idempotencyKey }) => ({
          output: { parcel: await carrier.book(customer, idempotencyKey) },
        }),
      },
    },
    effects: {
      tellCustomer: ({ customer, news }: { customer: string; news: string }) => ({
        kind: 'publish',
        topic: 'shop.news',
        key: customer,
        payload: { customer, news },
      }),
    },
  })
}

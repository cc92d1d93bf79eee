import { assign, setup } from 'xstate'
import { defineActor } from '../../../src/runtime/define-actor.ts'

/** A lamp that goes off by itself: one durable delay, guards, a targetless event. */
const lampMachine = setup({
  types: {
    context: {} as { presses: number; litForMs: number },
    input: {} as { litForMs: number },
    events: {} as { type: 'PRESS' } | { type: 'BREAK' } | { type: 'CLEAN' },
  },
  actions: { count: assign({ presses: ({ context }) => context.presses + 1 }) },
  delays: { litFor: ({ context }) => context.litForMs },
}).createMachine({
  id: 'lamp',
  context: ({ input }) => ({ presses: 0, litForMs: input.litForMs }),
  initial: 'off',
  on: { BREAK: { target: '.broken' } },
  states: {
    off: { on: { PRESS: { target: 'on', actions: { type: 'count' } } } },
    on: {
      tags: ['lit'],
      after: { litFor: { target: 'off' } },
      on: { PRESS: { target: 'off', actions: { type: 'count' } }, CLEAN: { actions: { type: 'count' } } },
    },
    broken: { type: 'final' },
  },
  output: ({ context }) => ({ presses: context.presses }),
})

export const lamp = defineActor({ machine: lampMachine, version: 1 })

import { assign, sendTo, setup } from 'xstate'
import { addressOf } from '../../../src/runtime/address-of.ts'
import { defineActor } from '../../../src/runtime/define-actor.ts'

/** Two players who return a ball to each other by messages between mailboxes, in parallel with a score region. */
const playerMachine = setup({
  types: {
    context: {} as { partner: string; returns: number; most: number },
    input: {} as { partner: string; most: number },
    events: {} as { type: 'BALL'; count: number },
  },
  actions: {
    countReturn: assign({ returns: ({ context }) => context.returns + 1 }),
    hitBack: sendTo(
      ({ context }) => addressOf(context.partner),
      ({ event }) => ({ type: 'BALL', count: event.count + 1 }),
    ),
  },
  guards: { rallyIsOver: ({ event, context }) => event.count >= context.most },
}).createMachine({
  id: 'player',
  type: 'parallel',
  context: ({ input }) => ({ partner: input.partner, returns: 0, most: input.most }),
  states: {
    ball: {
      initial: 'playing',
      states: {
        playing: {
          on: {
            BALL: [
              { guard: { type: 'rallyIsOver' }, target: 'caught', actions: { type: 'countReturn' } },
              { actions: [{ type: 'countReturn' }, { type: 'hitBack' }] },
            ],
          },
        },
        caught: { tags: ['caught'] },
      },
    },
    mood: {
      initial: 'calm',
      states: { calm: { on: { BALL: { target: 'keen' } } }, keen: {} },
    },
  },
})

export const player = defineActor({ machine: playerMachine, version: 1 })

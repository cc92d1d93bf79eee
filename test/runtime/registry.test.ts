import { createMachine, fromCallback, fromObservable, fromPromise, fromTransition, sendTo, setup, spawnChild } from 'xstate'
import { describe, expect, it } from 'vitest'
import { defineActor } from '../../src/runtime/define-actor.ts'
import { createRegistry } from '../../src/runtime/registry.ts'
import { lamp } from '../support/machines/lamp.ts'
import { order } from '../support/machines/order.ts'
import { player } from '../support/machines/rally.ts'

function invoking(logic: unknown) {
  return setup({ actors: { work: logic as never } }).createMachine({
    id: 'm',
    initial: 'a',
    states: { a: { invoke: { id: 'w', src: 'work' } as never } },
  })
}

const child = createMachine({ id: 'child' })

describe('registration', () => {
  it('takes machines with delays, promise invokes, effects, parallel states and messages to other actors', () => {
    expect(createRegistry({ lamp, order: order(), player }).all.map((actor) => actor.type)).toEqual(['lamp', 'order', 'player'])
  })

  it.each([
    ['callback logic', invoking(fromCallback(() => {})), /state 'm\.a', invoke 'w': 'work' is not promise logic/],
    ['observable logic', invoking(fromObservable(() => ({ subscribe: () => ({ unsubscribe() {} }) }) as never)), /is not promise logic/],
    ['transition logic', invoking(fromTransition((state: number) => state, 0)), /is not promise logic/],
    ['a child machine', invoking(child), /child machines are not supported yet/],
    [
      'inline logic',
      createMachine({ id: 'm', initial: 'a', states: { a: { invoke: { src: fromPromise(async () => 1) } } } }),
      /name it in setup/,
    ],
    [
      'two invokes of one id',
      setup({ actors: { p: fromPromise(async () => 1) } }).createMachine({
        id: 'm',
        initial: 'a',
        states: {
          a: {
            invoke: [
              { id: 'x', src: 'p' },
              { id: 'x', src: 'p' },
            ],
          },
        },
      }),
      /two invokes of one state share this id/,
    ],
    [
      'a systemId',
      setup({ actors: { p: fromPromise(async () => 1) } }).createMachine({
        id: 'm',
        initial: 'a',
        states: { a: { invoke: { id: 'x', src: 'p', systemId: 's' } } },
      }),
      /systemId is not supported/,
    ],
    ['an inline action', createMachine({ id: 'm', entry: () => {} }), /action '\(inline\)' has no mapping/],
    [
      'a named action without a mapping',
      setup({ actions: { shout: () => {} } }).createMachine({ id: 'm', entry: { type: 'shout' } }),
      /effects\['shout'\]/,
    ],
    ['a string target of sendTo', createMachine({ id: 'm', entry: sendTo('elsewhere', { type: 'A' }) }), /sendTo\(addressOf/],
    [
      'a spawn of inline logic',
      createMachine({ id: 'm', entry: spawnChild(fromPromise(async () => 1) as never, { id: 'x' }) }),
      /name it in setup/,
    ],
  ])('refuses %s with the state and the remedy', (_, machine, complaint) => {
    expect(() => createRegistry({ m: defineActor({ machine: machine as never, version: 1 }) })).toThrow(complaint)
  })

  it('refuses a version that is no positive integer, and a type that cannot stand in an address', () => {
    expect(() => createRegistry({ lamp: { ...lamp, version: 0 } })).toThrow(/version: must be a positive integer/)
    expect(() => createRegistry({ 'a/b': lamp })).toThrow(/part of an address before the slash/)
  })
})

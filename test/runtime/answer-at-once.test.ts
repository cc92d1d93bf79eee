import { describe, expect, it } from 'vitest'
import { assign, fromPromise, setup } from 'xstate'
import { defineActor, type TaskDefinition } from '../../src/runtime/define-actor.ts'
import { TurnDriver } from '../support/turn-driver.ts'

/** Squares its number, again and again until it is large. */
const squaring = setup({
  types: { context: {} as { value: number; failed: boolean }, input: {} as { value: number }, events: {} as { type: 'NEVER' } },
  actors: { square: fromPromise<number, { value: number }>(async ({ input }) => input.value ** 2) },
  guards: { isLarge: ({ context }) => context.value > 1_000 },
}).createMachine({
  id: 'squaring',
  context: ({ input }) => ({ value: input.value, failed: false }),
  initial: 'squaring',
  states: {
    squaring: {
      always: { guard: { type: 'isLarge' }, target: 'large' },
      invoke: {
        id: 'square',
        src: 'square',
        input: ({ context }) => ({ value: context.value }),
        onDone: { target: 'squaring', reenter: true, actions: assign({ value: ({ event }) => event.output }) },
        onError: { target: 'large', actions: assign({ failed: true }) },
      },
    },
    large: { type: 'final' },
  },
})

const driverOf = (atOnce: TaskDefinition['atOnce']): TurnDriver => {
  const square: TaskDefinition = atOnce === undefined ? {} : { atOnce }
  return new TurnDriver({ number: defineActor({ machine: squaring, version: 1, tasks: { square } }) })
}
const square = ({ value }: { readonly value: number }) => ({ output: value ** 2 })

describe('a task that is answered at once', () => {
  it('is opened and ended by the same turn, each end in the journal; its table sees nothing of it', () => {
    const { turn } = driverOf(square).life('number/1', { value: 3 })
    expect(turn.actors).toMatchObject([{ state: 'large', runStatus: 'done', seq: 4 }])
    expect(turn.journal.map(({ kind, state, seq }) => `${kind} ${state} ${seq}`)).toEqual([
      'create squaring 1',
      'done squaring 2',
      'done squaring 3',
      'done large 4',
    ])
    expect([turn.tasksOpened, turn.tasksClosed]).toEqual([[], []])
  })

  it('comes to the same state and journal as one that runs', () => {
    const atOnce = driverOf(square).life('number/1', { value: 40 }).turn
    const driver = driverOf(undefined)
    const journal = [...driver.life('number/1', { value: 40 }).turn.journal]
    const [task] = driver.turn({}).turn.tasksOpened
    expect(task).toBeUndefined()
    const opened = driver.actor('number/1').armed.tasks['square'] ?? -1
    const row = { partition: 0, address: 'number/1', id: 'square', opened, source: 'square', input: '{"value":40}' }
    const running = { ...row, traceparent: null, attempt: 1, failures: 0, notBefore: 0, lastError: null }
    journal.push(...driver.turn({ outcomes: [{ task: running, result: { ok: true, output: 1_600 }, rows: [] }] }).turn.journal)
    const told = ({ kind, messageId, event, state, seq }: (typeof journal)[number]) => ({ kind, messageId, event, state, seq })
    expect(atOnce.journal.map(told)).toEqual(journal.map(told))
  })

  it('is opened as a task where the definition gives no answer, throws, or gives what JSON would destroy', () => {
    const refusals: TaskDefinition['atOnce'][] = [
      () => undefined,
      () => {
        throw new Error('not now')
      },
      () => ({ output: Number.NaN }),
    ]
    for (const atOnce of refusals) {
      const { turn } = driverOf(atOnce).life('number/1', { value: 3 })
      expect(turn.tasksOpened).toMatchObject([{ id: 'square', source: 'square', input: '{"value":3}', opened: 1 }])
      expect(turn.actors).toMatchObject([{ state: 'squaring', seq: 1 }])
    }
  })

  it('ends at a limit when its ends open it for ever: the next one is a task', () => {
    const { turn } = driverOf(() => ({ output: 1 })).life('number/1', { value: 1 })
    expect(turn.journal).toHaveLength(21)
    expect(turn.tasksOpened).toMatchObject([{ id: 'square', opened: 21 }])
  })

  it('brings the rows of its result', () => {
    const rows = [{ table: 'squares', key: { id: 1 }, values: { square: 1_600 } }]
    const { turn } = driverOf((input) => ({ ...square(input), rows })).life('number/1', { value: 40 })
    expect(turn.rows).toEqual(rows)
  })
})

import { assign, setup } from 'xstate'
import { describe, expect, it } from 'vitest'
import { defineActor } from '../../src/runtime/define-actor.ts'
import { lamp } from '../support/machines/lamp.ts'
import { order } from '../support/machines/order.ts'
import { TurnDriver } from '../support/turn-driver.ts'

const actors = { lamp, order: order() }

describe('a turn', () => {
  it('is the same value for the same input', () => {
    const decide = () => {
      const driver = new TurnDriver(actors)
      driver.life('lamp/1', { litForMs: 50 }, { type: 'PRESS' })
      return driver.turn({
        records: [driver.record('lamp/1', 'event', { type: 'PRESS' }), driver.record('order/1', 'create', { amount: 3 })],
      }).turn
    }
    expect(decide()).toEqual(decide())
  })

  it('writes an actor once, whatever the number of its events', () => {
    const driver = new TurnDriver(actors)
    driver.life('lamp/1', { litForMs: 50 })
    const { turn } = driver.turn({ records: Array.from({ length: 7 }, () => driver.record('lamp/1', 'event', { type: 'PRESS' })) })
    expect(turn.actors).toHaveLength(1)
    expect(turn.actors[0]).toMatchObject({ seq: 8, state: 'on' })
    expect(turn.journal.map((row) => row.seq)).toEqual([2, 3, 4, 5, 6, 7, 8])
    expect(turn.partitions).toEqual([{ partition: 0, epoch: 1, fromOffset: 1, toOffset: 8, fromEntry: 2, toEntry: 9, lastRecord: 'm7' }])
  })

  it('arms a delay with its absolute due time, and drops it when its state is left', () => {
    const driver = new TurnDriver(actors)
    const lit = driver.life('lamp/1', { litForMs: 50 }, { type: 'PRESS' }).turn
    expect(lit.timersArmed).toEqual([{ partition: 0, address: 'lamp/1', id: 'xstate.after.litFor.lamp.on', due: 1_050, arming: '2.0' }])
    const off = driver.turn({ records: [driver.record('lamp/1', 'event', { type: 'PRESS' })] }).turn
    expect(off.timersArmed).toEqual([])
    expect(off.timersDropped).toEqual([{ partition: 0, address: 'lamp/1', id: 'xstate.after.litFor.lamp.on' }])
  })

  it('ignores a timer that was cancelled or armed anew, and steps the one that is armed', () => {
    const driver = new TurnDriver(actors)
    const first = driver.life('lamp/1', { litForMs: 50 }, { type: 'PRESS' }).turn.timersArmed[0]
    const second = driver.life('lamp/1', { litForMs: 50 }, { type: 'PRESS' }, { type: 'PRESS' }).turn.timersArmed[0]
    if (first === undefined || second === undefined) {
      throw new Error('the lamp armed no timer')
    }
    driver.now = 2_000
    expect(driver.turn({ timers: [first] }).turn.journal).toEqual([])
    expect(driver.actor('lamp/1').snapshot.value).toBe('on')
    expect(driver.turn({ timers: [second] }).turn.journal).toMatchObject([{ kind: 'timer', at: 2_000, state: 'off' }])
  })

  it('opens a task for an invoke and takes its outcome only while that task is open', () => {
    const driver = new TurnDriver(actors)
    const [task] = driver.life('order/1', { amount: 3 }).turn.tasksOpened
    if (task === undefined) {
      throw new Error('the order opened no task')
    }
    expect(task).toMatchObject({ id: 'charge', source: 'charge', input: '{"amount":3}', opened: 1 })
    const outcome = { task, result: { ok: true as const, output: { receipt: 'r' } }, rows: [] }
    const { turn } = driver.turn({ outcomes: [outcome] })
    expect(turn.tasksClosed).toEqual([{ partition: 0, address: 'order/1', id: 'charge', opened: 1 }])
    expect(turn.tasksOpened).toMatchObject([{ id: 'ship', input: '{"receipt":"r"}' }])
    expect(turn.outbox).toMatchObject([{ target: 'orders', key: 'order/1', payload: '{"what":"charged"}' }])
    expect(driver.turn({ outcomes: [outcome] }).turn.journal).toEqual([])
  })

  it('closes the task of a state that is left, so that its late outcome is void', () => {
    const driver = new TurnDriver(actors)
    const [task] = driver.life('order/1', { amount: 3 }).turn.tasksOpened
    const left = driver.turn({ records: [driver.record('order/1', 'event', { type: 'CANCEL' })] }).turn
    expect(left.tasksClosed).toMatchObject([{ id: 'charge' }])
    expect(left.actors[0]).toMatchObject({ runStatus: 'done', state: 'cancelled', armed: '{"timers":{},"tasks":{}}' })
    expect(task).toBeDefined()
    expect(driver.turn({ outcomes: [{ task: task as never, result: { ok: true, output: null }, rows: [] }] }).turn.actors).toEqual([])
  })
})

describe('messages that cannot be stepped', () => {
  it('are counted and skipped when their id was handled before, and told apart when their bytes differ', () => {
    const driver = new TurnDriver(actors)
    driver.life('lamp/1', { litForMs: 50 })
    const press = driver.record('lamp/1', 'event', { type: 'PRESS' }, 'same')
    const again = driver.record('lamp/1', 'event', { type: 'PRESS' }, 'same')
    expect(driver.turn({ records: [press, again] })).toMatchObject({ duplicates: 1, conflicts: 0 })
    const other = driver.turn({ records: [driver.record('lamp/1', 'event', { type: 'BREAK' }, 'same')] })
    expect(other).toMatchObject({ duplicates: 1, conflicts: 1 })
    expect(other.turn.partitions[0]?.toOffset).toBe(4)
    expect(driver.actor('lamp/1').seq).toBe(2)
  })

  it('may share an id when they are for different actors', () => {
    const driver = new TurnDriver(actors)
    const records = [driver.record('lamp/1', 'create', { litForMs: 5 }, 'id'), driver.record('lamp/2', 'create', { litForMs: 5 }, 'id')]
    expect(driver.turn({ records }).turn.actors.map((row) => row.address)).toEqual(['lamp/1', 'lamp/2'])
  })

  it('become dead letters when nobody was born there, and the position moves on', () => {
    const driver = new TurnDriver(actors)
    const { turn } = driver.turn({ records: [driver.record('lamp/9', 'event', { type: 'PRESS' })] })
    expect(turn.deadLetters).toMatchObject([{ address: 'lamp/9', cause: 'unknown-address', body: '{"type":"PRESS"}' }])
    expect(turn.partitions[0]?.toOffset).toBe(1)
  })

  it.each([
    ['not JSON', '{', 'invalid-message'],
    ['no type', '{"a":1}', 'invalid-message'],
    ['a reserved type', '{"type":"xstate.after.litFor.lamp.on"}', 'invalid-message'],
  ])('become dead letters with their cause: %s', (_, body, cause) => {
    const driver = new TurnDriver(actors)
    driver.life('lamp/1', { litForMs: 50 })
    expect(driver.turn({ records: [driver.record('lamp/1', 'event', body)] }).turn.deadLetters).toMatchObject([{ cause, body }])
  })

  it('are recorded and ignored when the actor is done, and when it is born a second time', () => {
    const driver = new TurnDriver(actors)
    driver.life('lamp/1', { litForMs: 50 })
    const again = driver.turn({ records: [driver.record('lamp/1', 'create', { litForMs: 9 })] }).turn
    expect(again.journal).toMatchObject([{ kind: 'create', ignored: 'the actor was born before' }])
    driver.turn({ records: [driver.record('lamp/1', 'event', { type: 'BREAK' })] })
    const late = driver.turn({ records: [driver.record('lamp/1', 'event', { type: 'PRESS' })] }).turn
    expect(late.journal).toMatchObject([{ ignored: 'the actor is done', seq: 2 }])
    expect(late.actors).toEqual([])
  })

  it('that would bear an actor a second time are answered as its type says, and step nothing', () => {
    const driver = new TurnDriver({
      lamp: defineActor({
        ...lamp,
        createdAgain: (snapshot, input: { readonly litForMs: number; readonly id: string; readonly at: number }, { address, at, seq }) => [
          { kind: 'publish', topic: 'lamps', key: address, payload: { was: String(snapshot.value), asked: input.litForMs, id: input.id } },
          { kind: 'publish', topic: 'lamps', key: address, payload: { at, seq }, id: 'own' },
          { kind: 'publish', topic: 'lamps', key: address, payload: null },
          { kind: 'row', table: 'lamps', key: { address }, values: { asked: input.litForMs } },
          { kind: 'note', note: { asked: input.at } },
        ],
      }),
    })
    driver.life('lamp/1', { litForMs: 50 }, { type: 'PRESS' })
    const before = driver.actor('lamp/1')
    const again = () => driver.turn({ records: [driver.record('lamp/1', 'create', { litForMs: 9 }, 'again')] }).turn
    const turn = again()
    expect(turn.outbox.map(({ id, payload }) => [id, JSON.parse(payload)])).toEqual([
      ['lamp/1#again#0', { was: 'on', asked: 9, id: 'again' }],
      ['own', { at: 1_000, seq: 2 }],
      ['lamp/1#again#0.2', null],
    ])
    expect(turn.rows).toEqual([{ table: 'lamps', key: { address: 'lamp/1' }, values: { asked: 9 } }])
    expect(turn.journal).toMatchObject([{ kind: 'create', seq: 2, ignored: 'the actor was born before', notes: '[{"asked":1000}]' }])
    expect([turn.actors, driver.actor('lamp/1')]).toEqual([[], before])
    expect(again().outbox).toEqual([])
  })

  it('that would bear an actor a second time become dead letters when their answer throws', () => {
    const createdAgain = () => {
      throw new Error('no answer')
    }
    const driver = new TurnDriver({ lamp: defineActor({ ...lamp, createdAgain }) })
    driver.life('lamp/1', { litForMs: 50 })
    const { turn } = driver.turn({ records: [driver.record('lamp/1', 'create', {})] })
    expect(turn.deadLetters).toMatchObject([{ cause: 'step-failed', message: 'no answer' }])
    expect([turn.journal, turn.outbox]).toEqual([[], []])
  })

  it('have their strings repaired, and the journal says so', () => {
    const driver = new TurnDriver(actors)
    driver.life('lamp/1', { litForMs: 50 })
    const { turn } = driver.turn({ records: [driver.record('lamp/1', 'event', '{"type":"PRESS","by":"a\\u0000b\\ud800"}')] })
    expect(turn.journal).toMatchObject([{ state: 'on', notes: '[{"repaired":"strings were made well-formed"}]' }])
  })
})

const trap = setup({
  types: { context: {} as { value: unknown }, input: {} as object, events: {} as { type: 'DATE' | 'THROW' | 'LOOP' | 'FINE' | 'LATER' } },
  actions: {
    destroy: assign({ value: () => new Date(0) }),
    explode: assign(() => {
      throw new Error('boom')
    }),
    fine: assign({ value: 1 }),
  },
}).createMachine({
  id: 'trap',
  context: { value: 0 },
  initial: 'calm',
  states: {
    calm: {
      on: {
        DATE: { actions: { type: 'destroy' } },
        THROW: { actions: { type: 'explode' } },
        FINE: { actions: { type: 'fine' } },
        LOOP: { target: 'loop' },
        LATER: { target: 'later' },
      },
    },
    loop: { always: { target: 'back' } },
    back: { always: { target: 'loop' } },
    later: { after: { 10: { target: 'calm', actions: { type: 'explode' } } }, on: { FINE: { actions: { type: 'fine' } } } },
  },
})

describe('poison', () => {
  const trapActor = defineActor({ machine: trap, version: 1 })

  it.each([
    ['DATE', 'snapshot-lossy', 'context.value holds a Date'],
    ['THROW', 'step-failed', 'boom'],
    ['LOOP', 'endless-microsteps', '1000 microsteps'],
  ])('%s is dead-lettered as %s; the actor keeps its state and its neighbours commit', (type, cause, message) => {
    const driver = new TurnDriver({ ...actors, trap: trapActor })
    driver.life('trap/1', {})
    driver.life('lamp/1', { litForMs: 50 })
    const { turn } = driver.turn({
      records: [
        driver.record('trap/1', 'event', { type }),
        driver.record('trap/1', 'event', { type: 'FINE' }),
        driver.record('lamp/1', 'event', { type: 'PRESS' }),
      ],
    })
    expect(turn.deadLetters).toMatchObject([{ cause, message: expect.stringContaining(message) }])
    expect(driver.actor('trap/1').snapshot).toMatchObject({ value: 'calm', context: { value: 1 } })
    expect(driver.actor('lamp/1').snapshot.value).toBe('on')
  })

  it('of a timer parks the actor: its messages are held in order until the dead letter is replayed', () => {
    const driver = new TurnDriver({ trap: trapActor })
    const timer = driver.life('trap/1', {}, { type: 'LATER' }).turn.timersArmed[0]
    driver.now = 2_000
    const parked = driver.turn({ timers: timer === undefined ? [] : [timer] }).turn
    expect(parked.deadLetters).toMatchObject([{ kind: 'timer', cause: 'step-failed' }])
    expect(parked.actors[0]?.parked).toContain('boom')
    const held = driver.turn({ records: [driver.record('trap/1', 'event', { type: 'FINE' })] }).turn
    expect(held.held).toMatchObject([{ address: 'trap/1', body: '{"type":"FINE"}' }])
    expect(held.partitions[0]?.toOffset).toBe(3)
    const replay = { ...driver.record('trap/1', 'event', { type: 'FINE' }), replayOf: 'x' }
    expect(driver.turn({ records: [replay] }).turn.actors[0]).toMatchObject({ parked: null, state: 'later' })
  })
})

import { expect, it } from 'vitest'
import type { LiveActor } from '../../src/runtime/snapshot.ts'
import { rowOf } from '../../src/runtime/snapshot.ts'
import type { ActorRow } from '../../src/runtime/turn-rows.ts'
import { lamp } from '../support/machines/lamp.ts'
import { order } from '../support/machines/order.ts'
import { TurnDriver } from '../support/turn-driver.ts'

const actors = { lamp, order: { ...order(), remains: () => 'an order' } }
const forget = { type: 'FORGET', by: 'ada', reason: 'asked' }
const archive = (seq: number) => ({ type: 'ARCHIVE', by: 'retention', reason: null, archive: 'a.jsonl', seq })

const tombstoneIn = (rows: readonly ActorRow[]) => JSON.parse(rows[0]?.tombstone ?? 'null') as object

it('an actor that is forgotten takes its timers, tasks and the rows of this turn with it; what comes after is recorded without its body', () => {
  const driver = new TurnDriver(actors)
  const [opened] = driver.life('order/1', { amount: 3 }).turn.tasksOpened
  const { turn, actors: left } = driver.turn({
    records: [
      driver.record('order/1', 'event', 'a secret that is no JSON'),
      driver.record('order/1', 'event', { type: 'CANCEL', why: 'a secret' }),
      driver.record('order/1', 'act', forget),
      driver.record('order/1', 'event', { type: 'CANCEL', why: 'a secret' }, 'late'),
      driver.record('order/1', 'create', { amount: 4, why: 'a secret' }, 'again'),
    ],
  })
  expect(left.size).toBe(0)
  expect(turn.tasksClosed).toEqual([{ partition: 0, address: 'order/1', id: 'charge', opened: opened?.opened }])
  expect(turn.actors).toMatchObject([{ address: 'order/1', state: 'FORGOTTEN', runStatus: 'done', snapshot: '{}', output: null }])
  expect(tombstoneIn(turn.actors)).toEqual({
    cause: 'forgotten',
    at: 1_000,
    by: 'ada',
    reason: 'asked',
    archive: null,
    remains: 'an order',
  })
  expect(turn.erased).toEqual([{ partition: 0, address: 'order/1', cause: 'forgotten', below: turn.partitions[0]?.toOffset }])
  expect(turn.withheld).toHaveLength(2)
  expect(JSON.stringify({ ...turn, outbox: [] })).not.toContain('a secret')
  expect(turn.journal.map(({ kind, event, ignored }) => ({ kind, event, ignored }))).toEqual([
    { kind: 'event', event: '{}', ignored: null },
    { kind: 'act', event: JSON.stringify(forget), ignored: null },
    { kind: 'event', event: '{}', ignored: 'the actor was forgotten' },
    { kind: 'create', event: '{}', ignored: 'the actor was forgotten' },
  ])
})

it('an actor that is parked, behind held messages or unreadable is forgotten all the same', () => {
  const driver = new TurnDriver(actors)
  driver.life('lamp/1', { litForMs: 50 }, { type: 'PRESS' })
  const row = rowOf(driver.actor('lamp/1'))
  const parked: LiveActor = { ...driver.actor('lamp/1'), parked: 'x' }
  const record = driver.record('lamp/1', 'act', forget)
  const standing = new Map([['lamp/1', 'earlier messages are held']])
  const asParked = driver.turn({ records: [record], actors: new Map([['lamp/1', parked]]), standing }).turn
  const other = new TurnDriver(actors)
  const unreadable = new Map([['lamp/1', row]])
  const asUnreadable = other.turn({ records: [other.record('lamp/1', 'act', forget)], standing, unreadable }).turn
  for (const turn of [asParked, asUnreadable]) {
    expect(turn.held).toEqual([])
    expect(turn.actors).toMatchObject([{ address: 'lamp/1', state: 'FORGOTTEN', parked: null }])
    expect(turn.timersDropped).toEqual([{ partition: 0, address: 'lamp/1', id: 'xstate.after.litFor.lamp.on' }])
  }
  expect(tombstoneIn(asUnreadable.actors)).toMatchObject({ remains: null })
})

it('an archive buries only the actor it was made of; one that goes on or moved since stays', () => {
  const driver = new TurnDriver(actors)
  driver.life('order/1', { amount: 3 })
  const running = driver.turn({ records: [driver.record('order/1', 'act', archive(1))] }).turn
  expect(running.journal).toMatchObject([{ ignored: 'the actor is not as it was archived' }])
  driver.turn({ records: [driver.record('order/1', 'event', { type: 'CANCEL' })] })
  const moved = driver.turn({ records: [driver.record('order/1', 'act', archive(1))] }).turn
  expect([...running.erased, ...moved.erased]).toEqual([])
  const { turn } = driver.turn({ records: [driver.record('order/1', 'act', archive(2))] })
  expect(turn.erased).toMatchObject([{ cause: 'archived' }])
  expect(tombstoneIn(turn.actors)).toMatchObject({ cause: 'archived', archive: 'a.jsonl', by: 'retention' })

  const buried = new Map([['order/1', turn.actors[0] as ActorRow]])
  const later = driver.turn({ records: [driver.record('order/1', 'act', forget)], buried }).turn
  expect(tombstoneIn(later.actors)).toMatchObject({ cause: 'forgotten', by: 'ada', archive: 'a.jsonl', remains: 'an order' })
})

it('an act nobody knows is a dead letter', () => {
  const driver = new TurnDriver(actors)
  const { turn } = driver.turn({ records: [driver.record('lamp/1', 'act', { type: 'BURN' })] })
  expect(turn.deadLetters).toMatchObject([{ kind: 'act', cause: 'invalid-message' }])
})

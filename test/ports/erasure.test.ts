import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TableDefinition } from '../../src/runtime/define-actor.ts'
import { addressHash, hashAddress, partitionOf } from '../../src/runtime/message.ts'
import type { ActorRow, JournalRow, Turn } from '../../src/runtime/turn-rows.ts'
import { type Adapter, adapters, partitions } from './adapters.ts'
import { emptyTurn } from '../support/empty-turn.ts'

const notes: TableDefinition = {
  name: 'notes',
  key: { address: 'text' },
  columns: { body: 'text' },
  migrations: ['create table {schema}.notes (address text not null primary key, body text)'],
}
/** Rows that belong to no actor. */
const shared: TableDefinition = {
  name: 'shared',
  key: { name: 'text' },
  columns: { body: 'text' },
  migrations: ['create table {schema}.shared (name text not null primary key, body text)'],
}

const gone = 'batch/gone'
const other = 'batch/other-2'
const partition = partitionOf(gone, partitions)

const actor = (address: string, more: Partial<ActorRow> = {}): ActorRow => ({
  partition,
  address,
  addressHash: addressHash(address),
  type: 'batch',
  machine: 'batch',
  version: 1,
  xstate: 5,
  codec: 1,
  seq: 3,
  state: 'COMPLETED',
  runStatus: 'done',
  tags: ['done'],
  progress: '{"x":1}',
  output: '{"who":"a pupil"}',
  snapshot: '{"who":"a pupil"}',
  armed: '{"timers":{},"tasks":{}}',
  waitsOutside: false,
  parked: null,
  tombstone: null,
  traceparent: null,
  createdAt: 1_000,
  stateSince: 2_000,
  updatedAt: 2_000,
  ...more,
})

const line = (entry: number, address: string, kind: JournalRow['kind'] = 'event'): JournalRow => ({
  partition,
  entry,
  address,
  seq: 1,
  kind,
  messageId: `m${entry}`,
  at: 1_500,
  event: '{"type":"SAY","text":"a pupil"}',
  state: 'COMPLETED',
  transitions: ['t'],
  notes: '["a pupil"]',
  ignored: null,
})

const nothing = { ...emptyTurn, now: 3_000 }

describe.each(adapters)('erasure on $name', ({ open }) => {
  let adapter: Adapter
  let at: { offset: number; entry: number; epoch: number }

  beforeEach(async () => {
    adapter = await open()
    await adapter.store.open({ partitions, tables: [notes, shared] })
    const [claim] = await adapter.store.claim([partition], 'me')
    at = { offset: claim?.nextOffset ?? -1, entry: claim?.nextEntry ?? -1, epoch: claim?.epoch ?? -1 }
    await fill()
  })
  afterEach(() => adapter.close())

  async function commit(rows: Partial<Turn>, messages = 0): Promise<void> {
    const to = { offset: at.offset + messages, entry: at.entry + 20 }
    const advance = { partition, epoch: at.epoch, fromOffset: at.offset, toOffset: to.offset, fromEntry: at.entry, toEntry: to.entry }
    expect(await adapter.store.commit({ ...nothing, partitions: [{ ...advance, lastRecord: null }], ...rows })).toEqual({
      kind: 'committed',
    })
    at = { ...at, ...to }
  }

  /** Two actors of one partition, each with everything an actor can have; the first of them also under its hash. */
  async function fill(): Promise<void> {
    const byHash = hashAddress('batch', addressHash(gone))
    await adapter.mailbox.append([
      { id: 'birth', address: gone, kind: 'create', body: '{"who":"a pupil"}' },
      { id: 'verdict', address: byHash, kind: 'event', body: '{"who":"a pupil"}' },
    ])
    const letter = { partition, messageId: 'x', kind: 'event' as const, body: 'a pupil', cause: 'c', message: 'm', at: 1 }
    const waiting = { attempt: 0, failures: 0, notBefore: 1, lastError: null }
    const task = { partition, id: 't', opened: 1, source: 's', input: '1', traceparent: null, ...waiting }
    const held = { partition, offset: 1, messageId: 'h', kind: 'event' as const, body: 'a pupil', traceparent: null }
    const each = [gone, other]
    const first = at.entry
    await commit(
      {
        actors: each.map((address) => actor(address)),
        journal: [line(first, gone), line(first + 1, other), line(first + 2, gone, 'act')],
        outbox: each.map((address, place) => ({
          partition,
          entry: first + 3 + place,
          id: `o ${address}`,
          address,
          target: 'topic',
          key: 'k',
          payload: '{"who":"a pupil"}',
          traceparent: null,
          createdAt: 1,
        })),
        deadLetters: [...each, byHash].map((address) => ({ ...letter, address, id: `${address}#x` })),
        held: each.map((address) => ({ ...held, address })),
        timersArmed: each.map((address) => ({ partition, address, id: 'later', due: 9, arming: '1.0' })),
        tasksOpened: each.map((address) => ({ ...task, address })),
        rows: [
          ...each.map((address) => ({ table: 'notes', key: { address }, values: { body: 'a pupil' } })),
          { table: 'shared', key: { name: 'all' }, values: { body: 'of nobody' } },
        ],
      },
      2,
    )
    await adapter.mailbox.append([{ id: 'late', address: gone, kind: 'event', body: '{"who":"a pupil"}' }])
  }

  async function leftOf(address: string) {
    const { store } = adapter
    const [letters, held, timers, tasks, outputs, note] = await Promise.all([
      store.deadLetters({ address, limit: 10 }),
      store.held(partition, address, 10),
      store.actorTimers(partition, address),
      store.actorTasks(partition, address),
      store.outputs(partition, address),
      store.readRow(notes, { address }),
    ])
    return {
      letters: letters.length,
      held: held.length,
      timers: timers.length,
      tasks: tasks.length,
      outputs: outputs.length,
      notes: note === undefined ? 0 : 1,
    }
  }

  const all = { letters: 1, held: 1, timers: 1, tasks: 1, outputs: 1, notes: 1 }
  const grave = { cause: 'forgotten', at: 3_000, by: 'ada', reason: null, archive: null, remains: null }
  const tombstone = actor(gone, {
    state: 'FORGOTTEN',
    tags: [],
    progress: null,
    output: null,
    snapshot: '{}',
    tombstone: JSON.stringify(grave),
  })
  const forget = { actors: [tombstone], erased: [{ partition, address: gone, below: 0, cause: 'forgotten' as const }] }

  it('takes everything of one actor under both its names, and nothing of its neighbours', async () => {
    expect(await leftOf(gone)).toEqual(all)
    await commit({ ...forget, erased: [{ ...forget.erased[0], below: at.offset } as Turn['erased'][number]] })
    expect(await leftOf(gone)).toEqual({ letters: 0, held: 0, timers: 0, tasks: 0, outputs: 1, notes: 0 })
    expect(await leftOf(hashAddress('batch', addressHash(gone)))).toMatchObject({ letters: 0 })
    expect(await leftOf(other)).toEqual(all)
    expect(await adapter.store.readRow(shared, { name: 'all' })).toEqual({ name: 'all', body: 'of nobody' })
    const { records } = await adapter.mailbox.poll([{ partition, offset: 0, lastRecord: null }], 10)
    expect(records.map(({ id }) => id)).toEqual(['late'])
    expect(await adapter.store.actor(partition, gone)).toEqual(tombstone)
    expect((await adapter.store.actors({ limit: 10 })).map(({ address }) => address)).toEqual([other])
    await commit({ withheld: [{ partition, offset: records[0]?.offset ?? -1 }] }, 1)
    expect((await adapter.mailbox.poll([{ partition, offset: 0, lastRecord: null }], 10)).records).toEqual([])
  })

  it('keeps what happened and when of a forgotten actor, and of an archived one the acts alone', async () => {
    const read = () => adapter.store.journal({ partition, address: gone, afterEntry: 0, limit: 10 })
    const before = await read()
    await commit(forget)
    expect(await read()).toEqual(before.map((row) => (row.kind === 'act' ? row : { ...row, event: '{}', notes: null })))
    await commit({ erased: [{ partition, address: gone, below: 0, cause: 'archived' }] })
    expect((await read()).map(({ kind }) => kind)).toEqual(['act'])
  })

  it('lets an output that waits leave first, and deletes it then', async () => {
    await commit(forget)
    const open = await adapter.store.outbox([{ partition, entry: 0 }], 10)
    expect(open.map(({ address }) => address)).toEqual([gone, other])
    await adapter.store.outboxDelivered(open, { keep: true })
    expect((await leftOf(gone)).outputs).toBe(0)
    expect((await leftOf(other)).outputs).toBe(1)
    expect(await adapter.store.outbox([{ partition, entry: 0 }], 10)).toEqual([])
  })

  it('finds who is done since before a time, once the outputs have left, and gives every row of it', async () => {
    const { store } = adapter
    expect(await store.over('batch', [partition], 2_001, 10)).toEqual([])
    await store.outboxDelivered(await store.outbox([{ partition, entry: 0 }], 10), { keep: true })
    expect(await store.over('batch', [partition], 2_000, 10)).toEqual([])
    expect(await store.over('batch', [partition], 2_001, 10)).toEqual(
      [gone, other].map((address) => ({ partition, address, seq: 3, stateSince: 2_000 })),
    )
    expect(await store.over('batch', [partition], 2_001, 1)).toHaveLength(1)
    expect(await store.over('other', [partition], 2_001, 10)).toEqual([])
    const rows = await store.storedOf({ partition, address: gone })
    expect(rows.map(({ table }) => table).sort()).toEqual([
      'actors',
      'dead_letters',
      'held_messages',
      'journal',
      'journal',
      'notes',
      'outbox',
    ])
    expect(rows.filter(({ row }) => row['address'] === gone)).toHaveLength(rows.length)
    expect(rows.find(({ table }) => table === 'notes')?.row).toEqual({ address: gone, body: 'a pupil' })
    await commit(forget)
    expect(await store.over('batch', [partition], 9_000, 10)).toMatchObject([{ address: other }])
  })
})

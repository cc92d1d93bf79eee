import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TableDefinition } from '../../src/runtime/define-actor.ts'
import { addressHash } from '../../src/runtime/message.ts'
import { isPortFailure } from '../../src/runtime/port-failure.ts'
import type { Store } from '../../src/runtime/ports.ts'
import type { ActorRow, JournalRow, OutboxRow, TaskRow, Turn } from '../../src/runtime/turn-rows.ts'
import { type Adapter, adapters, partitions } from './adapters.ts'
import { emptyTurn } from '../support/empty-turn.ts'

const table: TableDefinition = {
  name: 'notes',
  key: { address: 'text', number: 'int4' },
  columns: { body: 'text', weight: 'float8', seen: 'bool' },
  migrations: [
    'create table {schema}.notes (address text not null, number int4 not null, body text, weight float8, seen bool, primary key (address, number))',
  ],
}

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

const actor = (address: string, more: Partial<ActorRow> = {}): ActorRow => ({
  partition: 0,
  address,
  addressHash: addressHash(address),
  type: 'batch',
  machine: 'batch',
  version: 1,
  xstate: 5,
  codec: 1,
  seq: 1,
  state: 'WAITING',
  runStatus: 'active',
  tags: ['a b', 'c'],
  progress: '{"x":1}',
  output: null,
  snapshot: '{"value":"WAITING","text":"quote \\" comma , brace { \\\\ åäö"}',
  armed: '{"timers":{},"tasks":{}}',
  waitsOutside: false,
  parked: null,
  tombstone: null,
  traceparent,
  createdAt: 1_700_000_000_000,
  stateSince: 1_700_000_000_000,
  updatedAt: 1_700_000_000_000,
  ...more,
})

const entry = (number: number, more: Partial<JournalRow> = {}): JournalRow => ({
  partition: 0,
  entry: number,
  address: 'batch/1',
  seq: number,
  kind: 'event',
  messageId: `m${number}`,
  at: 5,
  event: '{"type":"A"}',
  state: 'WAITING',
  transitions: ['batch.a|A|0'],
  notes: null,
  ignored: null,
  ...more,
})

const output = (number: number, more: Partial<OutboxRow> = {}): OutboxRow => ({
  partition: 0,
  entry: number,
  id: `o${number}`,
  address: 'batch/1',
  target: 'topic',
  key: 'k',
  payload: '{"n":1}',
  traceparent,
  createdAt: 5,
  ...more,
})

const task = (id: string, more: Partial<TaskRow> = {}): TaskRow => ({
  partition: 0,
  address: 'batch/1',
  id,
  opened: 1,
  source: 'submit',
  input: '{"a":1}',
  traceparent,
  attempt: 0,
  failures: 0,
  notBefore: 10,
  lastError: null,
  ...more,
})

describe.each(adapters)('the store on $name', ({ open }) => {
  let adapter: Adapter
  let store: Store
  let epoch = 0
  let offset = 0
  let nextEntry = 1

  beforeAll(async () => {
    adapter = await open()
    store = adapter.store
    await store.open({ partitions, tables: [table] })
    await claim()
  })
  afterAll(() => adapter.close())

  async function claim(): Promise<void> {
    const [own] = await store.claim([0], 'me')
    epoch = own?.epoch ?? -1
    offset = own?.nextOffset ?? -1
    nextEntry = own?.nextEntry ?? -1
  }

  /** A turn of partition 0 from where it stands, ten entries and one message further. */
  function turnOf(rows: Partial<Turn>): Turn {
    const advance = {
      partition: 0,
      epoch,
      fromOffset: offset,
      toOffset: offset + 1,
      fromEntry: nextEntry,
      toEntry: nextEntry + 10,
      lastRecord: `m${offset}`,
    }
    return { ...emptyTurn, partitions: [advance], ...rows }
  }

  async function commit(rows: Partial<Turn>): Promise<void> {
    const turn = turnOf(rows)
    expect(await store.commit(turn)).toEqual({ kind: 'committed' })
    offset += 1
    nextEntry += 10
  }

  it('gives every claim an epoch of its own, one above the last', async () => {
    const [first] = await store.claim([1], 'a')
    const [second] = await store.claim([1], 'b')
    expect(second?.epoch).toBe((first?.epoch ?? 0) + 1)
    await store.release([{ partition: 1, epoch: first?.epoch ?? 0 }])
    expect((await store.claims([1]))[0]?.owner).toBe('b')
    await store.release([{ partition: 1, epoch: second?.epoch ?? 0 }])
    expect((await store.claims([1]))[0]?.owner).toBeNull()
  })

  it('counts claims under which work was begun without progress, and keeps the note of what was stepped alone until a commit moves on', async () => {
    const [idle] = await store.claim([3], 'a')
    const [first] = await store.claim([3], 'a')
    await store.markBegun([{ partition: 3, epoch: idle?.epoch ?? 0 }])
    expect([idle?.attempts, first?.attempts, (await store.claims([3]))[0]?.attempts]).toEqual([0, 0, 0])
    await store.markBegun([{ partition: 3, epoch: first?.epoch ?? 0 }])
    const [second] = await store.claim([3], 'b')
    expect(second?.attempts).toBe(1)
    await store.markStarted({ partition: 3, epoch: first?.epoch ?? 0 }, 'a zombie')
    expect((await store.claims([3]))[0]?.started).toBeNull()
    await store.markStarted({ partition: 3, epoch: second?.epoch ?? 0 }, 'message 0')
    expect((await store.claim([3], 'c'))[0]).toMatchObject({ attempts: 1, started: 'message 0', lastRecord: null })
    const advance = { partition: 3, epoch: (second?.epoch ?? 0) + 1, fromOffset: 0, toOffset: 1, fromEntry: 1, toEntry: 2, lastRecord: 'm' }
    await store.commit(turnOf({ partitions: [advance] }))
    const later = { ...advance, fromOffset: 1, toOffset: 1, fromEntry: 2, toEntry: 3, lastRecord: null }
    await store.commit(turnOf({ partitions: [later] }))
    expect((await store.claims([3]))[0]).toMatchObject({ attempts: 0, started: null, lastRecord: 'm', nextOffset: 1 })
  })

  it('remembers why a partition stands still until a commit moves it on, or an operator accepts the gap', async () => {
    const [claim] = await store.claim([3], 'd')
    const { epoch: own = 0, nextOffset = 0, nextEntry: first = 0 } = claim ?? {}
    await store.markHalted({ partition: 3, epoch: own - 1 }, 'a zombie says so')
    expect(await store.halted()).toEqual([])
    await store.markHalted({ partition: 3, epoch: own }, 'log-truncated')
    expect(await store.halted()).toEqual([{ partition: 3, nextOffset, why: 'log-truncated' }])
    const gap = { partition: 3, from: nextOffset, to: nextOffset + 100, by: 'ann', at: 42 }
    expect(await store.acceptGap({ ...gap, from: nextOffset + 1 })).toBe(false)
    expect(await store.acceptGap(gap)).toBe(true)
    expect(await store.halted()).toEqual([])
    expect((await store.claims([3]))[0]).toMatchObject({ epoch: own + 1, nextOffset: nextOffset + 100, lastRecord: null })
    const [noted] = await store.journal({ partition: 3, afterEntry: first - 1, limit: 1 })
    expect(noted).toMatchObject({ entry: first, kind: 'gap', address: 'partition/3', at: 42 })
    expect(JSON.parse(noted?.event ?? '')).toMatchObject({ by: 'ann', from: nextOffset, to: nextOffset + 100 })
  })

  it('commits a turn from where its owner left the partition, and no other', async () => {
    const advance = turnOf({}).partitions[0]
    if (advance === undefined) {
      throw new Error('no partition')
    }
    for (const wrong of [{ epoch: epoch - 1 }, { fromOffset: offset + 1 }, { fromEntry: nextEntry + 1 }]) {
      const outcome = await store.commit(turnOf({ partitions: [{ ...advance, ...wrong }], actors: [actor('batch/fenced')] }))
      expect(outcome).toMatchObject({ kind: 'fenced', stored: [{ partition: 0, epoch, nextOffset: offset, nextEntry }] })
    }
    expect(await store.actor(0, 'batch/fenced')).toBeUndefined()
    await commit({ actors: [actor('batch/fenced')] })
    expect((await store.actor(0, 'batch/fenced'))?.address).toBe('batch/fenced')
  })

  it('writes all partitions of a turn or none', async () => {
    const [other] = await store.claim([2], 'me')
    const turn = turnOf({ actors: [actor('batch/all-or-none')] })
    const stale = { partition: 2, epoch: (other?.epoch ?? 0) - 1, fromOffset: 0, toOffset: 1, fromEntry: 1, toEntry: 2, lastRecord: null }
    expect(await store.commit({ ...turn, partitions: [...turn.partitions, stale] })).toMatchObject({ kind: 'fenced' })
    expect((await store.claims([0]))[0]).toMatchObject({ nextOffset: offset, nextEntry })
    expect(await store.actor(0, 'batch/all-or-none')).toBeUndefined()
  })

  it('gives an actor back as it was written, and replaces it by the next write', async () => {
    const row = actor('batch/1')
    await commit({ actors: [row] })
    expect(await store.actor(0, 'batch/1')).toEqual(row)
    const later = actor('batch/1', { seq: 2, state: 'DONE', runStatus: 'done', tags: [], output: '"ö"', parked: 'why' })
    await commit({ actors: [later] })
    expect(await store.actor(0, 'batch/1')).toEqual(later)
    expect((await store.load({ addresses: [{ partition: 0, address: 'batch/1' }], messageIds: [], hashes: [] })).actors).toEqual([later])
  })

  it('finds an actor by its hash, and refuses a second one of the same hash', async () => {
    const row = actor('batch/hashed')
    await commit({ actors: [row] })
    const hashes = [addressHash('batch/hashed'), addressHash('batch/unborn')].map((hash) => ({ partition: 0, hash }))
    expect((await store.load({ addresses: [], messageIds: [], hashes })).actors).toEqual([row])
    const twin = store.commit(turnOf({ actors: [actor('batch/twin', { addressHash: row.addressHash })] }))
    expect(isPortFailure(await twin.catch((error: unknown) => error), 'database', 'permanent')).toBe(true)
  })

  it('shares how far the outside was read, with the age of what is known', async () => {
    const own = [
      { topic: 'requests', partition: 0, readUpTo: 500 },
      { topic: 'requests', partition: 1, readUpTo: null },
    ]
    const alone = await store.shareProgress(own)
    expect(alone.find((row) => row.partition === 0)).toMatchObject({ readUpTo: 500 })
    expect(alone.find((row) => row.partition === 0)?.ageMs).toBeLessThan(60_000)
    expect(alone.find((row) => row.partition === 1)).toMatchObject({ readUpTo: null })
    expect(alone.find((row) => row.partition === 1)?.ageMs).toBeGreaterThan(60_000)
    const other = await store.shareProgress([
      { topic: 'requests', partition: 0, readUpTo: null },
      { topic: 'requests', partition: 1, readUpTo: 700 },
    ])
    expect(other.map((row) => row.readUpTo).sort()).toEqual([500, 700])
    const back = await store.shareProgress([{ topic: 'requests', partition: 0, readUpTo: 400 }])
    expect(back.find((row) => row.partition === 0)?.readUpTo).toBe(500)
    expect(await store.shareProgress([{ topic: 'another', partition: 0, readUpTo: 1 }])).toHaveLength(1)
  })

  it('sets an output aside as a dead letter, and offers it again', async () => {
    const row = output(nextEntry, { id: 'o-refused', address: 'batch/refused' })
    await commit({ outbox: [row] })
    const letter = { id: 'batch/refused#o-refused', partition: 0, address: row.address, messageId: row.id, body: row.payload, at: 5 }
    await store.outboxRefused([{ ...letter, kind: 'output', cause: 'too-large', message: 'no' }])
    expect((await store.outbox([{ partition: 0, entry: 0 }], 100)).map(({ id }) => id)).not.toContain('o-refused')
    expect(await store.deadLetters({ id: letter.id, limit: 1 })).toMatchObject([{ kind: 'output', cause: 'too-large' }])
    await store.outboxAgain({ partition: 0, id: 'o-refused' })
    expect((await store.outbox([{ partition: 0, entry: 0 }], 100)).map(({ id }) => id)).toContain('o-refused')
    await store.outboxDelivered([row], { keep: false })
  })

  it('keeps timers by actor and id, earliest first, and drops them', async () => {
    const timer = (id: string, due: number, arming = '1.0') => ({ partition: 0, address: 'batch/1', id, due, arming })
    await commit({ timersArmed: [timer('b', 20), timer('a', 10), timer('c', 30)] })
    await commit({ timersArmed: [timer('a', 25, '2.0')], timersDropped: [{ partition: 0, address: 'batch/1', id: 'b' }] })
    expect(await store.timers([0], 30, 10)).toEqual([timer('a', 25, '2.0')])
    expect((await store.actorTimers(0, 'batch/1')).map(({ id }) => id)).toEqual(['a', 'c'])
    expect(await store.timers([1, 2], 100, 10)).toEqual([])
  })

  it('keeps tasks until they are closed; another opening of an id is another task', async () => {
    await commit({ tasksOpened: [task('t1'), task('t2', { notBefore: 5 })] })
    await commit({
      tasksClosed: [task('t1')],
      tasksOpened: [task('t1', { opened: 2 })],
      tasksUpdated: [{ ...task('t2'), attempt: 3, failures: 1, notBefore: 90, lastError: 'x' }],
    })
    expect(await store.tasks([0], 10)).toEqual([
      task('t1', { opened: 2 }),
      task('t2', { attempt: 3, failures: 1, notBefore: 90, lastError: 'x' }),
    ])
  })

  it('remembers handled messages, and tells which of the asked ones they are', async () => {
    const seen = { partition: 0, messageId: 'batch/1#x', digest: 'd', at: 7 }
    await commit({ inbox: [seen] })
    const ask = ['batch/1#x', 'batch/1#y'].map((messageId) => ({ partition: 0, messageId }))
    expect((await store.load({ addresses: [], hashes: [], messageIds: ask })).seen).toEqual([seen])
  })

  it('numbers the journal in commit order and pages through it', async () => {
    const first = nextEntry
    await commit({ journal: [entry(first), entry(first + 1, { address: 'batch/2', notes: '[1]', ignored: 'late' })] })
    expect(await store.journal({ partition: 0, address: 'batch/2', afterEntry: 0, limit: 10 })).toEqual([
      entry(first + 1, { address: 'batch/2', notes: '[1]', ignored: 'late' }),
    ])
    expect(
      (
        await store.feed(
          [
            { partition: 0, entry: first },
            { partition: 1, entry: 0 },
          ],
          10,
        )
      ).map((row) => row.entry),
    ).toEqual([first + 1])
    const [end] = await store.journalEnds([0])
    expect(end).toBeGreaterThanOrEqual(first + 1)
    expect(await store.feed([{ partition: 0, entry: end ?? 0 }], 10)).toEqual([])
  })

  it('hands outputs out in order until they are delivered, and takes an id once', async () => {
    const first = nextEntry
    await commit({ outbox: [output(first), output(first + 1, { target: 'mailbox', key: 'batch/9' })] })
    await commit({ outbox: [output(nextEntry, { id: `o${first}`, payload: '{"other":1}' })] })
    const open = await store.outbox([{ partition: 0, entry: 0 }], 10)
    expect(open).toEqual([output(first), output(first + 1, { target: 'mailbox', key: 'batch/9' })])
    await store.outboxDelivered([{ partition: 0, entry: first }], { keep: true })
    await store.outboxDelivered([{ partition: 0, entry: first + 1 }], { keep: false })
    expect(await store.outbox([{ partition: 0, entry: 0 }], 10)).toEqual([])
    expect((await store.outputs(0, 'batch/1')).map(({ id }) => id)).toEqual([`o${first}`])
  })

  it('holds messages in order until they are released, and keeps dead letters with their cause', async () => {
    const held = (position: number) => ({
      partition: 0,
      address: 'batch/h',
      offset: position,
      messageId: `h${position}`,
      kind: 'event' as const,
      body: '{}',
      traceparent,
    })
    const letter = {
      id: 'd1',
      partition: 0,
      address: 'batch/h',
      messageId: 'x',
      kind: 'event' as const,
      body: '{',
      cause: 'invalid-message',
      message: 'not JSON',
      at: 9,
    }
    await commit({ held: [held(2), held(1)], deadLetters: [letter] })
    expect(await store.held(0, 'batch/h', 10)).toEqual([held(1), held(2)])
    expect(await store.heldAddresses([0])).toEqual([{ partition: 0, address: 'batch/h' }])
    await commit({ released: [held(1)] })
    expect(await store.held(0, 'batch/h', 10)).toEqual([held(2)])
    expect(await store.deadLetters({ id: 'd1', limit: 1 })).toEqual([{ ...letter, replayed: false, replays: 0 }])
    await store.deadLetterReplayed('d1', 2)
    await store.deadLetterReplayed('d1', 1)
    expect(await store.deadLetters({ id: 'd1', limit: 1 })).toEqual([{ ...letter, replayed: true, replays: 2 }])
    await commit({ discarded: ['d1'] })
    expect(await store.deadLetters({ id: 'd1', limit: 1 })).toEqual([])
    expect(await store.deadLetters({ address: 'batch/none', limit: 1 })).toEqual([])
  })

  it("sums a column of a tenant's table since a time", async () => {
    const row = (number: number, weight: number | null) => ({
      table: 'notes',
      key: { address: 'batch/sum', number },
      values: { body: 'x', weight },
    })
    const sum = (from: number) => store.total(table, { column: 'weight', time: 'number', from })
    expect(await sum(1_000)).toBe(0)
    await commit({ rows: [row(1_000, 0.25), row(1_001, 0.5), row(1_002, null)] })
    expect(await sum(1_000)).toBe(0.75)
    expect(await sum(1_001)).toBe(0.5)
    expect(await sum(1_003)).toBe(0)
  })

  it("writes a tenant's rows, the last of a key, also within one turn", async () => {
    const row = (body: string | null) => ({
      table: 'notes',
      key: { address: 'batch/1', number: 1 },
      values: { body, weight: 0.5, seen: true },
    })
    await commit({ rows: [row('a'), row('b')] })
    expect(await store.readRow(table, { address: 'batch/1', number: 1 })).toMatchObject({ body: 'b', weight: 0.5, seen: true })
    await commit({ rows: [row(null)] })
    expect(await store.readRow(table, { address: 'batch/1', number: 1 })).toMatchObject({ body: null })
    expect(await store.readRow(table, { address: 'batch/1', number: 2 })).toBeUndefined()
  })

  it("keeps a tenant's rows outside of turns: lists them by value and key, counts, replaces and deletes them together", async () => {
    const row = (address: string, number: number, body: string) => ({ table: 'notes', key: { address, number }, values: { body } })
    const keys = async (page: { readonly limit: number; readonly offset: number }, address = 'ä') =>
      (await store.readRows(table, { address }, page)).map(({ number, body }) => `${number}${body}`)
    await store.changeRows({
      remove: [],
      write: [row('ä', 10, 'c'), row('ä', 2, 'b'), row('ä', 1, 'a'), row('a', 1, 'same'), row('Z', 1, 'same')],
    })
    expect(await keys({ limit: 9, offset: 0 })).toEqual(['1a', '2b', '10c'])
    expect(await keys({ limit: 1, offset: 1 })).toEqual(['2b'])
    expect(await store.countRows(table, { address: 'ä' })).toBe(3)
    expect(await store.countRows(table, { address: 'ä', body: 'b' })).toBe(1)
    const sameBody = await store.readRows(table, { body: 'same' }, { limit: 9, offset: 0 })
    expect(sameBody.map(({ address }) => address)).toEqual(['Z', 'a'])
    await store.changeRows({ remove: [{ table, where: { address: 'ä' } }], write: [row('ä', 2, 'new')] })
    expect(await keys({ limit: 9, offset: 0 })).toEqual(['2new'])
    const wrong = { table: 'notes', key: { address: 'ä', number: 3 }, values: { weight: 'heavy' } }
    await expect(store.changeRows({ remove: [{ table, where: { address: 'ä' } }], write: [wrong] })).rejects.toMatchObject({
      name: 'PortFailure',
    })
    expect(await keys({ limit: 9, offset: 0 })).toEqual(['2new'])
  })

  it('proves which active actors have no next cause', async () => {
    const due = { partition: 0, address: 'p/timer', id: 't', due: 1, arming: '1' }
    await commit({
      actors: ['p/stuck', 'p/timer', 'p/task', 'p/letter', 'p/mail']
        .map((address) => actor(address))
        .concat([actor('p/outside', { waitsOutside: true }), actor('p/done', { runStatus: 'done' }), actor('p/parked', { parked: 'x' })]),
      timersArmed: [due],
      tasksOpened: [task('t', { address: 'p/task' })],
      outbox: [output(nextEntry, { id: 'letter', target: 'mailbox', key: 'p/letter' })],
    })
    const found = (await store.stuck([0], 100)).map((row) => row.address).filter((address) => address.startsWith('p/'))
    expect(found).toEqual(['p/mail', 'p/stuck'])
    expect((await store.counts([0])).failed).toBeGreaterThanOrEqual(1)
  })

  it('counts active actors by what wrote them, and those of them that are parked', async () => {
    const before = await store.writtenBy()
    expect(before.filter(({ type }) => type === 'counted')).toEqual([])
    const counted = { type: 'counted', machine: 'counted' }
    await commit({
      actors: [
        actor('counted/1', counted),
        actor('counted/2', { ...counted, parked: 'it threw' }),
        actor('counted/3', { ...counted, version: 7 }),
        actor('counted/4', { ...counted, version: 7, runStatus: 'done' }),
      ],
    })
    const group = { type: 'counted', codec: 1, xstate: 5, actors: 1, parked: 0 }
    const found = (await store.writtenBy()).filter(({ type }) => type === 'counted')
    expect(found).toHaveLength(2)
    expect(found).toEqual(
      expect.arrayContaining([
        { ...group, version: 1, actors: 2, parked: 1 },
        { ...group, version: 7 },
      ]),
    )
  })

  it('lists actors by type, state and status, a page at a time', async () => {
    await commit({
      actors: ['l/1', 'l/2', 'l/3'].map((address, index) => actor(address, { type: 'lister', state: index === 1 ? 'B' : 'A' })),
    })
    expect((await store.actors({ type: 'lister', limit: 2 })).map(({ address }) => address)).toEqual(['l/1', 'l/2'])
    expect((await store.actors({ type: 'lister', limit: 2, after: 'l/2' })).map(({ address }) => address)).toEqual(['l/3'])
    expect((await store.actors({ type: 'lister', state: 'B', limit: 9 })).map(({ address }) => address)).toEqual(['l/2'])
    expect(await store.actors({ type: 'lister', runStatus: 'done', limit: 9 })).toEqual([])
  })
})

describe.each(adapters.filter(({ name }) => name !== 'memory'))('the database $name', ({ open }) => {
  it('refuses a row it cannot hold for good, and writes nothing of that turn', async () => {
    const adapter = await open()
    await adapter.store.open({ partitions, tables: [] })
    const [own] = await adapter.store.claim([0], 'me')
    const advance = { partition: 0, epoch: own?.epoch ?? 0, fromOffset: 0, toOffset: 1, fromEntry: 1, toEntry: 2, lastRecord: null }
    const nul = { actors: [actor('batch/nul')], journal: [entry(1, { event: 'a\u0000b' })] }
    const turn: Turn = { ...emptyTurn, now: 1, partitions: [advance], ...nul }
    const failure = await adapter.store.commit(turn).catch((error: unknown) => error)
    expect(isPortFailure(failure, 'database', 'permanent')).toBe(true)
    expect(await adapter.store.actor(0, 'batch/nul')).toBeUndefined()
    expect((await adapter.store.claims([0]))[0]?.nextOffset).toBe(0)
    await adapter.close()
  })

  it('refuses another number of partitions, naming both', async () => {
    const adapter = await open()
    await adapter.store.open({ partitions: 8, tables: [] })
    await expect(adapter.store.open({ partitions: 16, tables: [] })).rejects.toThrow(
      /has 8 mailbox partitions.*configured for 16; configure 8/,
    )
    await adapter.close()
  })

  it('belongs to one log: a process with another one is refused, and told which it is', async () => {
    const adapter = await open()
    await adapter.store.open({ partitions, tables: [], log: 'Kafka topic a' })
    await adapter.store.open({ partitions, tables: [] })
    await expect(adapter.store.open({ partitions, tables: [], log: 'Kafka topic b' })).rejects.toThrow(
      /mailbox of this database is Kafka topic a, this process is configured for Kafka topic b; configure Kafka topic a/,
    )
    await adapter.close()
  })

  it('refuses a schema of a newer version, and takes the same one again', async () => {
    const newer = { ...table, migrations: [...table.migrations, 'alter table {schema}.notes add column extra text'] }
    const adapter = await open()
    await adapter.store.open({ partitions, tables: [newer] })
    await adapter.store.open({ partitions, tables: [newer] })
    await expect(adapter.store.open({ partitions, tables: [table] })).rejects.toThrow(
      /migrated by a newer version \(table notes 0002 is unknown here\)/,
    )
    await adapter.close()
  })
})

import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import type { Judge } from '../../src/batch/judge.ts'
import { freshDatabase } from '../ports/adapters.ts'
import { callbackEnvelope, requestEnvelope } from '../support/kafka/platform.ts'
import { type TestService, testService, whenReady } from '../support/batch-service.ts'

async function asking(essays: number, options: Parameters<typeof testService>[0] = {}): Promise<TestService> {
  const made = await testService(options)
  await whenReady(made)
  expect(await made.call('POST', '/v1/batches', { body: requestEnvelope('b-1', essays) })).toMatchObject({ status: 202 })
  await made.service.quire.waitFor('batch/b-1', { state: 'WAITING_CALLBACKS' })
  return made
}

/** Waits until the judge was asked as often. */
async function whenAsked({ asked, service }: TestService, count: number): Promise<void> {
  for await (const _ of service.quire.watch('batch/b-1', { after: [] })) {
    if (asked.length >= count) {
      return
    }
  }
}

async function answerAll(made: TestService): Promise<void> {
  await whenAsked(made, 6)
  for (const { id, essayA, essayB } of made.asked) {
    const body = callbackEnvelope({ id, essayA: essayA.id, essayB: essayB.id })
    expect(await made.call('POST', '/v1/callbacks', { body })).toMatchObject({ status: 202 })
  }
  await made.service.quire.waitFor('batch/b-1', { tag: 'done' })
}

describe('a batch over HTTP', () => {
  it('is judged within the trace of its request: its header, else its metadata', async () => {
    const traces = new Map<string, Set<string | null>>()
    const traceId = (traceparent: string | null): string | null => traceparent?.split('-')[1] ?? null
    const judge: Judge = {
      submit: async ({ batchId }, { traceparent }) =>
        void traces.set(batchId, (traces.get(batchId) ?? new Set()).add(traceId(traceparent))),
    }
    const made = await testService({ judge })
    await whenReady(made)
    const inHeader = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const inText = '00-11111111111111111111111111111111-2222222222222222-01'
    const asks: readonly [string, object | null, Record<string, string>][] = [
      ['both', { traceparent: inText }, { traceparent: inHeader }],
      ['text', { traceparent: inText }, {}],
      ['none', null, { traceparent: 'x'.repeat(3_000) }],
    ]
    for (const [batch, metadata, headers] of asks) {
      await made.call('POST', '/v1/batches', { body: requestEnvelope(batch, 4, metadata), headers })
    }
    await expect
      .poll(() => Object.fromEntries(traces))
      .toEqual({
        both: new Set([traceId(inHeader)]),
        text: new Set([traceId(inText)]),
        none: new Set([null]),
      })
  })

  it('is asked for, judged and read: list, detail, journal, result as JSON and as CSV', async () => {
    const made = await asking(4)
    const waiting = await made.call('GET', '/v1/batches/b-1')
    expect(waiting.json).toMatchObject({
      batch: 'b-1',
      state: 'WAITING_CALLBACKS',
      status: 'PERFORMING_COMPARISONS',
      counters: { submitted: 6, completed: 0, failed: 0 },
      why: { waitsFor: expect.stringContaining('6 comparisons') },
    })
    const early = await made.call('GET', '/v1/batches/b-1/result', { headers: { accept: 'text/csv' } })
    expect(early).toMatchObject({ status: 409, json: { error: { code: 'no-ranking', message: expect.stringContaining('it waits for') } } })
    await answerAll(made)
    expect((await made.call('GET', '/v1/batches?run=done')).json).toMatchObject({
      items: [{ batch: 'b-1', state: 'COMPLETED', status: 'COMPLETE_STABLE', counters: { completed: 6 } }],
      next: null,
    })
    const result = await made.call('GET', '/v1/batches/b-1/result')
    expect(result.json).toMatchObject({ status: 'COMPLETE_STABLE', scores: { ranking: [{ id: 'e0', rank: 1 }, {}, {}, { id: 'e3' }] } })
    expect(result.json['events']).toHaveLength(3)
    const csv = await made.call('GET', '/v1/batches/b-1/result', { headers: { accept: 'text/csv' } })
    expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8')
    expect(csv.text.split('\r\n').slice(0, 2)).toEqual(['rank,essay_id,score,standard_error', expect.stringMatching(/^1,"e0",\d/)])
    const journal = await made.call('GET', '/v1/batches/b-1/journal?limit=5')
    expect(journal.json['entries']).toHaveLength(5)
    const next = await made.call('GET', `/v1/batches/b-1/journal?limit=1000&after=${String(journal.json['next'])}`)
    expect(next.json).toMatchObject({ next: null })
    const { [0]: fifth } = (journal.json['entries'] as { readonly seq: number }[]).slice(-1)
    expect((next.json['entries'] as { readonly seq: number }[])[0]?.seq).toBe((fifth?.seq ?? 0) + 1)
  })

  it('asked for twice is one batch; a message without an id is refused, with a key it is taken', async () => {
    const made = await testService()
    await whenReady(made)
    const envelope = { ...requestEnvelope('b-2', 4), event_id: undefined }
    expect(await made.call('POST', '/v1/batches', { body: envelope })).toMatchObject({
      status: 400,
      json: { error: { code: 'message-id-missing', field: 'event_id' } },
    })
    const headers = { 'idempotency-key': 'key-1' }
    const first = await made.call('POST', '/v1/batches', { body: envelope, headers })
    expect(first).toMatchObject({ status: 202, json: { batch: 'b-2', messageId: 'key-1' } })
    const second = await made.call('POST', '/v1/batches', { body: envelope, headers })
    expect(second.json).toMatchObject({ messageId: 'key-1', position: first.json['position'] })
    await whenReady(made)
    expect((await made.call('GET', '/v1/batches')).json['items']).toHaveLength(1)
  })

  it('that cannot be a batch is refused with the field, and nothing is written', async () => {
    const made = await testService()
    await whenReady(made)
    const good = requestEnvelope('b-3', 4) as { readonly data: object }
    const wrong = { ...good, data: { ...good.data, user_id: undefined } }
    expect(await made.call('POST', '/v1/batches', { body: wrong })).toMatchObject({
      status: 400,
      json: { error: { code: 'VALIDATION_ERROR', field: 'user_id' } },
    })
    expect(await made.call('POST', '/v1/batches', { body: '{' })).toMatchObject({ status: 400, json: { error: { code: 'not-json' } } })
    const before = await made.service.quire.journalEnds()
    await whenReady(made)
    expect(await made.service.quire.journalEnds()).toEqual(before)
    expect((await made.call('GET', '/v1/batches')).json['items']).toEqual([])
    expect((await made.call('GET', '/v1/dead-letters')).json['items']).toEqual([])
  })

  it('refuses a callback that is malformed or belongs to nobody, and keeps the comparison open', async () => {
    const made = await asking(4)
    await whenAsked(made, 6)
    const { id, essayA, essayB } = made.asked[0] as TestService['asked'][number]
    const good = callbackEnvelope({ id, essayA: essayA.id, essayB: essayB.id }) as { readonly data: object }
    expect(await made.call('POST', '/v1/callbacks', { body: { ...good, data: { ...good.data, confidence: 9 } } })).toMatchObject({
      status: 400,
      json: { error: { code: 'VALIDATION_ERROR', field: 'data.confidence' } },
    })
    const stranger = { ...good, correlation_id: randomUUID(), data: { ...good.data, correlation_id: randomUUID() } }
    expect(await made.call('POST', '/v1/callbacks', { body: stranger })).toMatchObject({
      status: 404,
      json: { error: { code: 'CJ_CALLBACK_CORRELATION_FAILED', field: 'data.correlation_id' } },
    })
    expect((await made.call('GET', '/v1/batches/b-1')).json).toMatchObject({ counters: { completed: 0, failed: 0 } })
  })

  it('is paused, resumed, not forced too early, and cancelled by somebody who stands in the journal', async () => {
    const made = await asking(4)
    const headers = { 'x-quire-actor': 'ada@school' }
    expect((await made.call('POST', '/v1/batches/b-1/pause', { headers })).json).toMatchObject({ paused: true })
    expect((await made.call('POST', '/v1/batches/b-1/resume', { headers })).json).toMatchObject({ paused: false })
    const forced = await made.call('POST', '/v1/batches/b-1/force', { headers })
    expect(forced).toMatchObject({
      status: 409,
      json: { error: { code: 'refused', message: expect.stringContaining('0 of 6 comparisons') } },
    })
    const cancelled = await made.call('POST', '/v1/batches/b-1/cancel', { headers, body: { reason: 'the wrong class' } })
    expect(cancelled.json).toMatchObject({ state: 'CANCELLED', status: 'CANCELLED' })
    expect(await made.call('POST', '/v1/batches/b-1/cancel', { headers })).toMatchObject({ status: 409 })
    const journal = (await made.call('GET', '/v1/batches/b-1/journal')).json['entries'] as { readonly at: string; readonly event: object }[]
    const acts = journal.filter(({ event }) => 'by' in event)
    expect(acts.every(({ at }) => Date.parse(at) > 0)).toBe(true)
    expect(acts.map(({ event }) => event)).toMatchObject([
      { type: 'PAUSE', by: 'ada@school' },
      { type: 'RESUME', by: 'ada@school' },
      { type: 'FORCE', by: 'ada@school' },
      { type: 'CANCEL', by: 'ada@school', reason: 'the wrong class' },
    ])
  })

  it('gives an act that is repeated with its key the answer it gave before, and refuses another act under that key', async () => {
    const made = await asking(4)
    const act = (name: string, key: string) =>
      made.call('POST', `/v1/batches/b-1/${name}`, { headers: { 'idempotency-key': key }, body: { reason: 'a question' } })
    const paused = await act('pause', 'k-1')
    const resumed = await act('resume', 'k-2')
    const early = await act('force', 'k-3')
    expect([paused.status, resumed.status, early.status]).toEqual([200, 200, 409])
    expect((await act('pause', 'k-1')).json).toEqual(paused.json)
    expect(await act('resume', 'k-1')).toMatchObject({
      status: 409,
      json: { error: { message: expect.stringContaining('used for another act') } },
    })
    const cancelled = await act('cancel', 'k-4')
    expect(cancelled).toMatchObject({ status: 200, json: { state: 'CANCELLED' } })
    for (const [name, key, first] of [
      ['cancel', 'k-4', cancelled],
      ['pause', 'k-1', paused],
      ['resume', 'k-2', resumed],
      ['force', 'k-3', early],
    ] as const) {
      const again = await act(name, key)
      expect([name, again.status, again.json]).toEqual([name, first.status, first.json])
    }
    expect(await act('cancel', 'k-5')).toMatchObject({ status: 409 })
    expect(await act('cancel', 'k-5')).toMatchObject({ status: 409 })
  })

  it('are listed by state, age and stuck, a page at a time', async () => {
    const databaseUrl = await freshDatabase()
    const made = await testService({ settings: { databaseUrl } })
    await whenReady(made)
    for (const batch of ['p-1', 'p-2', 'p-3']) {
      await made.call('POST', '/v1/batches', { body: requestEnvelope(batch, 4) })
      await made.service.quire.waitFor(`batch/${batch}`, { state: 'WAITING_CALLBACKS' })
    }
    // Once nothing is under way: an accepted post would write its batch's row anew.
    await whenReady(made)
    const first = await made.call('GET', '/v1/batches?limit=2&state=WAITING_CALLBACKS')
    expect(first.json).toMatchObject({ items: [{ batch: 'p-1' }, { batch: 'p-2' }], next: 'p-2' })
    expect((await made.call('GET', '/v1/batches?limit=2&after=p-2')).json).toMatchObject({ items: [{ batch: 'p-3' }], next: null })
    expect(await made.call('GET', '/v1/batches?state=WAITING')).toMatchObject({
      status: 400,
      json: { error: { field: 'state', message: expect.stringContaining('GENERATING_PAIRS') } },
    })
    expect((await made.call('GET', '/v1/batches?olderThanSeconds=3600')).json).toEqual({ items: [], next: null })
    expect((await made.call('GET', '/v1/batches?stuck=true')).json).toEqual({ items: [], next: null })
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    await client.query("delete from quire.timers where address = 'batch/p-2'")
    await client.query("update quire.actors set waits_outside = false where address = 'batch/p-2'")
    await client.end()
    expect((await made.call('GET', '/v1/batches?stuck=true&run=active')).json).toMatchObject({ items: [{ batch: 'p-2' }], next: null })
    expect((await made.call('GET', '/v1/batches?stuck=true&run=done')).json).toEqual({ items: [], next: null })
    expect(await made.call('GET', '/v1/batches?limit=0')).toMatchObject({ status: 400, json: { error: { field: 'limit' } } })
  })
})

describe('dead letters over HTTP', () => {
  it('are listed, shown, replayed and discarded', async () => {
    const made = await testService()
    await whenReady(made)
    await made.service.quire.send('batch/unborn', { type: 'PAUSE' }, { id: 'm 1' })
    await whenReady(made)
    const [letter] = (await made.call('GET', '/v1/dead-letters')).json['items'] as { readonly id: string }[]
    expect(letter).toMatchObject({ batch: 'unborn', messageId: 'm 1', replayed: false })
    const path = `/v1/dead-letters/${encodeURIComponent(letter?.id ?? '')}`
    expect((await made.call('GET', path)).json).toMatchObject({ body: expect.stringContaining('PAUSE') })
    expect(await made.call('POST', `${path}/replay`)).toMatchObject({ status: 202, json: { position: { partition: expect.any(Number) } } })
    await whenReady(made)
    const all = (await made.call('GET', '/v1/dead-letters?replayed=all')).json['items'] as object[]
    expect(all).toMatchObject([{ replayed: true }, { messageId: 'm 1#r1', replayed: false }])
    expect((await made.call('GET', '/v1/dead-letters?batch=unborn&limit=1&replayed=all')).json['next']).toEqual(expect.any(String))
    const headers = { 'x-quire-actor': 'ada@school' }
    expect(await made.call('POST', `${path}/replay`, { headers })).toMatchObject({ status: 202 })
    await whenReady(made)
    const again = (await made.call('GET', '/v1/dead-letters?replayed=false')).json['items'] as object[]
    expect(again).toMatchObject([{ messageId: 'm 1#r1' }, { messageId: 'm 1#r2' }])
    const body = { reason: 'of nobody' }
    expect(await made.call('POST', `${path}/discard`, { body, headers })).toMatchObject({ status: 200 })
    const acts = (await made.service.quire.journal('batch/unborn')).filter(({ kind }) => kind === 'act')
    expect(acts.every(({ at }) => at > 0)).toBe(true)
    expect(acts.map(({ event }) => event)).toEqual([
      { type: 'REPLAY', deadLetter: letter?.id, by: 'api', reason: null },
      { type: 'REPLAY', deadLetter: letter?.id, by: 'ada@school', reason: null },
      { type: 'DISCARD', deadLetter: letter?.id, by: 'ada@school', reason: 'of nobody' },
    ])
    expect(await made.call('GET', path)).toMatchObject({ status: 404, json: { error: { code: 'dead-letter-unknown' } } })
    expect(await made.call('POST', `${path}/discard`)).toMatchObject({ status: 404 })
  })
})

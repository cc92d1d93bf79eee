import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { freshDatabase } from '../ports/adapters.ts'
import { type TestService, testService, whenReady } from '../support/batch-service.ts'
import { tablesWith } from '../support/tables-with.ts'
import { callbackEnvelope, requestEnvelope } from '../support/kafka/platform.ts'

const planted = 'My grandmother in Lund lent me her red bicycle.'

interface Scene extends TestService {
  readonly databaseUrl: string
}

/** A batch whose essays, verdicts and one message that could not be stepped hold the planted sentence. */
async function personal(): Promise<Scene> {
  const databaseUrl = await freshDatabase()
  const asked: Scene['asked'] = []
  const made = await testService({
    settings: { databaseUrl },
    judge: { concurrency: 100, submit: async (comparison) => void asked.push(comparison) },
    content: { fetch: async (storageId) => `${planted} (${storageId})` },
  })
  await whenReady(made)
  await made.call('POST', '/v1/batches', { body: requestEnvelope('b-1', 4) })
  await made.service.quire.waitFor('batch/b-1', { state: 'WAITING_CALLBACKS' })
  for await (const _ of made.service.quire.watch('batch/b-1', { after: [] })) {
    if (asked.length === 6) {
      break
    }
  }
  const poison = await made.service.quire.send('batch/b-1', { type: '*', text: planted } as { type: string }, { id: 'poison' })
  await made.service.quire.whenProcessed(poison)
  return { ...made, asked, databaseUrl }
}

async function answer({ call, asked }: Scene, which: number): Promise<void> {
  const { id, essayA, essayB } = asked[which] as Scene['asked'][number]
  const body = callbackEnvelope({ id, essayA: essayA.id, essayB: essayB.id }) as { readonly data: object }
  expect(await call('POST', '/v1/callbacks', { body: { ...body, data: { ...body.data, justification: planted } } })).toMatchObject({
    status: 202,
  })
}

it('forgets a batch: no table holds a planted sentence afterwards, late verdicts and requests do not bring it back, and all is recorded', async () => {
  const scene = await personal()
  const { call, databaseUrl } = scene
  for (let which = 0; which < 6; which++) {
    await answer(scene, which)
  }
  await scene.service.quire.waitFor('batch/b-1', { tag: 'done' })
  await whenReady(scene)
  expect(await tablesWith(planted, databaseUrl)).toEqual(['comparisons', 'dead_letters', 'journal', 'mailbox', 'texts'])
  expect(await tablesWith('teacher', databaseUrl)).toContain('outbox')

  const headers = { 'x-quire-actor': 'ada@school' }
  const done = await call('POST', '/v1/batches/b-1/forget', { body: { reason: 'asked by a parent' }, headers })
  expect(done).toMatchObject({ status: 200, json: { batch: 'b-1', archive: null } })
  expect(await tablesWith(planted, databaseUrl)).toEqual([])
  expect(await tablesWith('teacher', databaseUrl)).toEqual([])

  await answer(scene, 0)
  await call('POST', '/v1/batches', { body: { ...requestEnvelope('b-1', 4), event_id: randomUUID(), correlation_id: randomUUID() } })
  await whenReady(scene)
  expect(await tablesWith(planted, databaseUrl)).toEqual([])
  expect(await tablesWith('teacher', databaseUrl)).toEqual([])
  expect(await call('GET', '/v1/batches/b-1')).toMatchObject({
    status: 410,
    json: { error: { message: expect.stringContaining('by ada@school') } },
  })
  expect((await call('GET', '/v1/batches')).json).toEqual({ items: [], next: null })
  const { json } = await call('GET', '/v1/batches/b-1/journal?limit=1000')
  const entries = json['entries'] as { readonly kind: string; readonly event: object; readonly ignored: string | null }[]
  const [forgotten, verdict, request] = entries.slice(-3)
  expect(forgotten).toMatchObject({ kind: 'act', event: { type: 'FORGET', by: 'ada@school', reason: 'asked by a parent' } })
  expect(verdict).toMatchObject({ kind: 'event', event: {}, ignored: 'the actor was forgotten' })
  expect(request).toMatchObject({ kind: 'create', event: {}, ignored: 'the actor was forgotten' })
  expect(entries.length).toBeGreaterThan(10)
})

it('does not forget a batch that goes on unless told so; its tasks end and nothing of it comes back', async () => {
  const scene = await personal()
  const refused = await scene.call('POST', '/v1/batches/b-1/forget')
  expect(refused).toMatchObject({ status: 409, json: { error: { message: expect.stringContaining('cancel it first') } } })
  expect(await scene.call('POST', '/v1/batches/b-1/forget', { body: { running: true } })).toMatchObject({ status: 200 })
  await whenReady(scene)
  expect(await tablesWith(planted, scene.databaseUrl)).toEqual([])
  expect(await scene.service.quire.stuck(10)).toEqual([])
  expect(await scene.call('POST', '/v1/batches/b-1/pause')).toMatchObject({ status: 410 })
})

it('forgets what is left of a request that never became a batch, and knows no batch of which there is nothing', async () => {
  const databaseUrl = await freshDatabase()
  const made = await testService({ settings: { databaseUrl } })
  onTestFinished(() => made.service.stop())
  await whenReady(made)
  await made.service.quire.send('batch/unborn', { type: planted }, { id: 'stray' })
  await whenReady(made)
  expect(await tablesWith(planted, databaseUrl)).toEqual(['dead_letters', 'mailbox'])
  expect(await made.call('POST', '/v1/batches/unborn/forget')).toMatchObject({ status: 200 })
  expect(await tablesWith(planted, databaseUrl)).toEqual([])
  expect(await made.call('POST', '/v1/batches/never/forget')).toMatchObject({ status: 404 })
})

import { describe, expect, it, onTestFinished, vi } from 'vitest'
import pg from 'pg'
import { exitCodes } from '../../src/host/exit-codes.ts'
import { freshDatabase } from '../ports/adapters.ts'
import { type TestService, testService, token, whenReady } from '../support/batch-service.ts'
import { callbackEnvelope, requestEnvelope } from '../support/kafka/platform.ts'
import { quire } from '../support/command.ts'
import { createTcpProxy } from '../support/tcp-proxy.ts'

/** Resolves when the database is in this state for the service. */
function whenDatabase({ service }: TestService, wanted: (state: string) => boolean): Promise<void> {
  const { status } = service.quire
  return new Promise((resolve) => {
    const subscription = status.subscribe(({ context }) => {
      if (wanted(context.database.state)) {
        subscription.unsubscribe()
        resolve()
      }
    })
    if (wanted(status.getSnapshot().context.database.state)) {
      subscription.unsubscribe()
      resolve()
    }
  })
}

async function behindProxy(): Promise<TestService & { readonly proxy: Awaited<ReturnType<typeof createTcpProxy>> }> {
  const url = new URL(await freshDatabase())
  const proxy = await createTcpProxy({ target: { host: url.hostname, port: Number(url.port) } })
  onTestFinished(() => proxy.close())
  url.port = String(proxy.port)
  return { ...(await testService({ settings: { databaseUrl: url.href } })), proxy }
}

/** A number of /metrics by its whole name. */
async function metric(made: TestService, name: string): Promise<number | undefined> {
  const { text } = await made.call('GET', '/metrics')
  const line = text.split('\n').find((each) => each.startsWith(`${name} `))
  return line === undefined ? undefined : Number(line.slice(name.length + 1))
}

describe('health', () => {
  it('is ready when the service works, and says what it stands on', async () => {
    const made = await testService()
    await whenReady(made)
    await expect
      .poll(async () => (await made.call('GET', '/healthz')).json, { timeout: 30_000 })
      .toMatchObject({
        service: 'quire',
        status: 'healthy',
        message: 'everything works',
        dependencies: { database: { state: 'up' }, broker: { state: 'absent' } },
        environment: 'production',
      })
    expect(await made.call('GET', '/healthz/ready')).toMatchObject({ status: 200 })
    expect(await made.service.health()).toMatchObject({ live: true, ready: true })
  })

  it('of the loop alone asks no server', async () => {
    const made = await testService()
    await whenReady(made)
    const asked = vi.spyOn(made.service.quire, 'stuck')
    expect(await made.call('GET', '/healthz/live')).toMatchObject({ status: 200, json: { live: true } })
    expect(asked).not.toHaveBeenCalled()
    await made.call('GET', '/healthz/ready')
    expect(asked).toHaveBeenCalledOnce()
  })

  it('of an outage: not ready and nothing taken, but alive; then all goes on by itself', async () => {
    const made = await behindProxy()
    await whenReady(made)
    await made.proxy.set({ kind: 'refuse' })
    await whenDatabase(made, (state) => state !== 'up')
    expect(await made.call('GET', '/healthz/live')).toMatchObject({ status: 200 })
    expect(await made.call('GET', '/healthz/ready')).toMatchObject({
      status: 503,
      json: { ready: false, message: expect.stringContaining('the database is away') },
    })
    expect(await metric(made, 'quire_database_up')).toBe(0)
    expect(await made.call('GET', '/v1/batches')).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
    const body = requestEnvelope('o-1', 4)
    expect(await made.call('POST', '/v1/batches', { body })).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      json: { error: { code: 'mailbox-unavailable' } },
    })
    await made.proxy.set({ kind: 'pass' })
    await whenDatabase(made, (state) => state === 'up')
    expect(await made.call('POST', '/v1/batches', { body })).toMatchObject({ status: 202 })
    await made.service.quire.waitFor('batch/o-1', { state: 'WAITING_CALLBACKS' })
    expect((await made.call('GET', '/v1/batches')).json['items']).toHaveLength(1)
    expect(await metric(made, 'quire_database_up')).toBe(1)
  })
})

it('actors that wait for a person are counted by the metrics and by the doctor: parked ones, and those of a newer version', async () => {
  const databaseUrl = await freshDatabase()
  const made = await testService({ settings: { databaseUrl } })
  await whenReady(made)
  for (const id of ['s-1', 's-2', 's-3']) {
    await made.call('POST', '/v1/batches', { body: requestEnvelope(id, 4) })
    await made.service.quire.waitFor(`batch/${id}`, { state: 'WAITING_CALLBACKS' })
  }
  // Once nothing is under way: an accepted post would write its batch's row anew, as this version does.
  await whenReady(made)
  expect(await metric(made, 'quire_actors_standing_still{why="newer"}')).toBe(0)
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query("update quire.actors set version = 99 where address in ('batch/s-1', 'batch/s-2')")
  await client.query("update quire.actors set parked = 'it threw' where address = 'batch/s-3'")
  await client.end()
  expect(await metric(made, 'quire_actors_standing_still{why="newer"}')).toBe(2)
  expect(await metric(made, 'quire_actors_standing_still{why="parked"}')).toBe(1)
  const { code, json } = await quire('doctor', '--json', '--database', databaseUrl)
  expect(code).toBe(exitCodes.unwell)
  expect(json['checks']).toEqual(
    expect.arrayContaining([
      { name: 'versions', ok: false, detail: expect.stringMatching(/^2 active actors/), remedy: expect.stringContaining('deploy') },
      { name: 'actors', ok: false, detail: expect.stringContaining('batch/s-3'), remedy: expect.stringContaining('replay') },
    ]),
  )
})

describe('several services in one process', () => {
  it('are told apart by schema: one takes over from another, a third has batches of its own', async () => {
    const databaseUrl = await freshDatabase()
    const first = await testService({ settings: { databaseUrl } })
    await whenReady(first)
    const second = await testService({ settings: { databaseUrl } })
    const other = await testService({ settings: { databaseUrl, databaseSchema: 'other' } })
    await whenReady(other)
    await first.call('POST', '/v1/batches', { body: requestEnvelope('m-1', 4) })
    await first.service.quire.waitFor('batch/m-1', { state: 'WAITING_CALLBACKS' })
    expect((await other.call('GET', '/v1/batches')).json['items']).toEqual([])
    await new Promise<void>((resolve) => {
      const look = (): void => void (second.service.quire.status.getSnapshot().context.phase === 'standby' && resolve())
      second.service.quire.status.subscribe(look)
      look()
    })
    expect(await second.call('GET', '/healthz/ready')).toMatchObject({
      status: 503,
      json: { checks: { ownership: expect.stringMatching(/^standby/) } },
    })
    await first.service.stop({ drainMs: 1_000 })
    await second.call('POST', '/v1/batches/m-1/cancel')
    expect(await second.call('GET', '/healthz/ready')).toMatchObject({ status: 200 })
    await expect.poll(() => metric(second, 'quire_completions_total{status="CANCELLED",trigger="operator"}')).toBe(1)
    expect(await metric(other, 'quire_completions_total{status="CANCELLED",trigger="operator"}')).toBe(0)
  })
})

describe('metrics', () => {
  it('count what was committed, by the names of the platform', async () => {
    const made = await testService()
    await whenReady(made)
    await made.call('POST', '/v1/batches', { body: requestEnvelope('m-1', 2, { llm_batching_mode_hint: 'per_request' }) })
    await made.service.quire.waitFor('batch/m-1', { state: 'WAITING_CALLBACKS' })
    for await (const _ of made.service.quire.watch('batch/m-1', { after: [] })) {
      if (made.asked.length > 0) {
        break
      }
    }
    const [comparison] = made.asked
    const ended = made.service.quire.waitFor('batch/m-1', { tag: 'done' })
    const body = callbackEnvelope({ id: comparison?.id ?? '', essayA: comparison?.essayA.id ?? '', essayB: comparison?.essayB.id ?? '' })
    await made.call('POST', '/v1/callbacks', { body })
    await ended
    await made.call('POST', '/v1/callbacks', { body: { ...body, event_id: crypto.randomUUID() } })
    await expect.poll(() => metric(made, 'quire_late_callbacks_total')).toBe(1)
    const expected: readonly [string, number][] = [
      ['quire_completions_total{status="COMPLETE_STABLE",trigger="callback"}', 1],
      ['cj_llm_batches_started_total{batching_mode="per_request"}', 1],
      ['cj_llm_requests_total{batching_mode="per_request"}', 1],
      ['cj_callbacks_processed_total{status="success"}', 1],
      ['cj_callbacks_processed_total{status="late"}', 1],
      ['cj_comparisons_total{status="completed"}', 1],
      ['cj_assessment_llm_api_calls_total{provider="mock",model="mock-model-v1",status="success"}', 1],
      ['cj_batch_processing_duration_seconds_count', 1],
      ['quire_last_callback_to_finalize_seconds_count', 1],
      ['cj_callback_processing_duration_seconds_count', 2],
      ['cj_callback_latency_seconds_count', 2],
      ['kafka_message_queue_latency_seconds_count', 3],
      ['cj_failed_pool_size', 0],
      ['huleedu_cj_comparisons_made_sum', 1],
      ['cj_batch_state{state="WAITING_CALLBACKS"}', 0],
      ['cj_stuck_batches_detected', 0],
      ['cj_assessment_http_requests_total{method="POST",route="/v1/callbacks",status="202"}', 2],
    ]
    for (const [name, value] of expected) {
      expect([name, await metric(made, name)]).toEqual([name, value])
    }
    expect((await made.call('GET', '/metrics')).text).not.toContain(token)
  })
})

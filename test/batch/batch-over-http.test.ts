import { describe, expect, it } from 'vitest'
import { failedMessage } from '../../src/batch/wire/completion.ts'
import { providerRequest } from '../../src/batch/wire/provider-request.ts'
import { accepted, address, type BatchOverHttp, batchOverHttp } from '../support/batch-over-http.ts'
import type { Received, Reply } from '../support/loopback-server.ts'

const stable = { status: 'COMPLETE_STABLE', counters: { submitted: 6, completed: 6, failed: 0 } }

const waiting = async ({ tasks }: BatchOverHttp, reason: string): Promise<number> =>
  (await tasks()).filter(({ lastError }) => lastError?.includes(reason) === true).length

describe('a batch over HTTP', () => {
  it('fetches its texts, posts its comparisons and is ranked', async () => {
    await using world = await batchOverHttp()
    await world.create()
    await world.quire.waitFor(address, { tag: 'done' })
    expect(await world.progress()).toMatchObject(stable)
    expect(world.texts.received.map(({ path }) => path).sort()).toEqual(['e0', 'e1', 'e2', 'e3'].map((id) => `/content/store%2F${id}`))
    expect(world.provider.received).toHaveLength(6)
  })

  it('tells the provider what its request asked for, with the prompt of the students', async () => {
    await using world = await batchOverHttp({
      texts: ({ path }) => ({ status: 200, body: path.endsWith('p') ? 'Write about cars.' : 'A text.' }),
    })
    const llm = { provider: 'anthropic', temperature: 0, judgeRubric: 'Wit first.' }
    await world.create({ promptStorageId: 'store/p', llm, batchingMode: 'per_request' })
    await world.quire.waitFor(address, { tag: 'done' })
    expect(world.provider.received).toHaveLength(6)
    for (const { body } of world.provider.received) {
      const posted = providerRequest.parse(JSON.parse(body))
      expect(posted).toMatchObject({
        user_prompt: expect.stringMatching(/Write about cars\.[^]*Wit first\./),
        user_id: 'u',
        llm_config_overrides: { provider_override: 'anthropic', temperature_override: 0 },
        metadata: { cj_llm_batching_mode: 'per_request' },
      })
    }
  })

  it('keeps no word of its essays when the provider repeats what it was sent', async () => {
    const essay = 'SECRET: I went home, and when I came there I saw that the door was open.'
    await using world = await batchOverHttp({ settings: { maxRetryAttempts: 0 }, texts: () => ({ status: 200, body: essay }) })
    world.provider.reply = ({ body }) => ({ status: 422, body: { error: body } })
    await world.create()
    await world.quire.waitFor(address, { tag: 'done' })
    expect(world.provider.received[0]?.body).toContain(essay)
    const journal = await world.quire.journal(address)
    expect(JSON.stringify(journal)).toContain('422 INVALID_REQUEST: its text repeats what was sent')
    expect(JSON.stringify([journal, await world.quire.inspect(address), world.events])).not.toContain('SECRET')
  })
})

describe('a provider that is away', () => {
  it('is waited for: nothing is counted while it lasts, and all is judged after it', async () => {
    await using world = await batchOverHttp()
    await world.provider.goAway()
    await world.create()
    await expect.poll(() => waiting(world, 'is away'), { timeout: 20_000 }).toBeGreaterThanOrEqual(3)
    const failedBefore = (await world.progress()).counters.failed
    await expect.poll(async () => (await world.tasks()).every(({ attempt }) => attempt <= 3)).toBe(true)
    await world.provider.comeBack()
    await world.quire.waitFor(address, { tag: 'done' }, { timeoutMs: 30_000 })
    expect(failedBefore).toBe(0)
    expect(await world.progress()).toMatchObject(stable)
  })

  it('beyond its patience ends the batch with CONNECTION_ERROR, and the failed event says so', async () => {
    await using world = await batchOverHttp({ settings: { providerPatienceSeconds: 0.2, maxRetryAttempts: 0 } })
    await world.provider.goAway()
    await world.create()
    await world.quire.waitFor(address, { tag: 'done' }, { timeoutMs: 30_000 })
    expect(await world.progress()).toMatchObject({ status: 'ERROR_PROCESSING', counters: { submitted: 6, completed: 0 } })
    await expect.poll(() => world.events.length).toBe(1)
    const { data } = failedMessage.parse(world.events[0]?.payload)
    expect(data.system_metadata.error_info).toMatchObject({ error_code: 'CONNECTION_ERROR', reason: 'low_success_rate' })
    const given = (await world.quire.journal(address)).filter(({ event }) => JSON.stringify(event).includes('has been away for'))
    expect(given.length).toBeGreaterThan(0)
  })

  it('counter-test: without the circuit the same outage costs its attempts', async () => {
    await using world = await batchOverHttp({ settings: { providerPatienceSeconds: 0, maxRetryAttempts: 0 } })
    await world.provider.goAway()
    await world.create()
    await world.quire.waitFor(address, { tag: 'done' }, { timeoutMs: 30_000 })
    expect(await world.progress()).toMatchObject({ status: 'ERROR_PROCESSING', end: { errorCode: 'CONNECTION_ERROR' } })
  })
})

/** A full queue comes as 202, its wait nested twice (domain 4.6). */
const full = (seconds: number): Reply => ({
  status: 202,
  body: {
    error: { code: 'REQUEST_QUEUED', message: 'queue full', details: { queue_size: 1_000, details: { retry_after_seconds: seconds } } },
  },
})
const limited = (seconds: number): Reply => ({ status: 429, headers: { 'retry-after': String(seconds) }, body: { error: 'slow down' } })

describe.each([
  ['a full queue', full],
  ['429 with Retry-After', limited],
])('a provider that asks for time by %s', (_, reply) => {
  it('gets it: all posts wait as long as it says', async () => {
    await using world = await batchOverHttp()
    world.provider.reply = () => reply(300)
    const before = Date.now()
    await world.create()
    await expect.poll(() => waiting(world, 'waits ')).toBe(6)
    for (const { attempt, notBefore } of await world.tasks()) {
      expect(attempt).toBe(0)
      expect(notBefore).toBeGreaterThanOrEqual(before + 300_000)
    }
    expect(world.provider.received.length).toBeLessThanOrEqual(3)
    expect((await world.progress()).counters).toMatchObject({ submitted: 6, failed: 0 })
  })

  it('however often costs no attempt', async () => {
    await using world = await batchOverHttp({ settings: { maxRetryAttempts: 0 } })
    const refusals = new Map<string, number>()
    world.provider.reply = (request) => {
      const { correlation_id: id } = providerRequest.parse(JSON.parse(request.body))
      const refused = refusals.get(id) ?? 0
      refusals.set(id, refused + 1)
      return refused < 4 ? reply(0.01) : accepted(request, world.sendVerdict)
    }
    await world.create()
    await world.quire.waitFor(address, { tag: 'done' })
    expect(await world.progress()).toMatchObject(stable)
    expect([...refusals.values()]).toEqual(new Array(6).fill(5))
  })
})

describe('posts under way', () => {
  it('are given up when the verdict comes first, and not made again', async () => {
    await using world = await batchOverHttp()
    const held: Received[] = []
    world.provider.reply = (request) => {
      if (held.length === 3) {
        return accepted(request, world.sendVerdict)
      }
      held.push(request)
      return 'silence'
    }
    await world.create()
    await expect.poll(() => held.length).toBe(3)
    for (const post of held) {
      await world.sendVerdict(post)
      await post.ended
    }
    await world.quire.waitFor(address, { tag: 'done' })
    expect(await world.progress()).toMatchObject(stable)
    expect(world.provider.received).toHaveLength(6)
  })

  it.each([1, 3, 5])('are at most QUIRE_LLM_POST_CONCURRENCY: %i', async (llmPostConcurrency) => {
    await using world = await batchOverHttp({ settings: { llmPostConcurrency } })
    const held: (() => void)[] = []
    let most = 0
    world.provider.reply = (request) =>
      new Promise((resolve) => {
        held.push(() => resolve(accepted(request, world.sendVerdict)))
        most = Math.max(most, held.length)
      })
    await world.create()
    for (let left = 6; left > 0; left--) {
      const expected = Math.min(llmPostConcurrency, left)
      await expect.poll(async () => (await world.tasks()).filter(({ attempt }) => attempt > 0).length).toBe(expected)
      await expect.poll(() => held.length).toBe(expected)
      held.shift()?.()
    }
    await world.quire.waitFor(address, { tag: 'done' })
    expect(most).toBe(llmPostConcurrency)
    expect(await world.progress()).toMatchObject(stable)
  })
})

import { describe, expect, it } from 'vitest'
import { completedMessage } from '../../src/batch/wire/completion.ts'
import { address, type BatchOverHttp, batchOverHttp } from '../support/batch-over-http.ts'
import type { LoopbackServer, Received, Reply } from '../support/loopback-server.ts'

const text: Reply = { status: 200, body: 'A text.' }
const stable = { status: 'COMPLETE_STABLE', counters: { submitted: 6, completed: 6, failed: 0 } }

/** One essay's text is answered so, the others' as they should be. */
const ofOne =
  (reply: Reply): LoopbackServer['reply'] =>
  ({ path }: Received) =>
    path.endsWith('e0') ? reply : text

const troubles = async ({ tasks }: BatchOverHttp): Promise<string[]> => (await tasks()).flatMap(({ lastError }) => lastError ?? [])

describe('the texts of a batch', () => {
  it('drop an essay only by a 404 or by being empty', async () => {
    await using world = await batchOverHttp({
      texts: ({ path }) => {
        const replies: Readonly<Record<string, Reply>> = { e0: { status: 404 }, e1: { status: 200, body: '  ' } }
        return replies[path.slice(-2)] ?? text
      },
    })
    await world.create()
    await world.quire.waitFor(address, { tag: 'done' })
    expect(await world.progress()).toMatchObject({ workCap: 1, counters: { completed: 1 } })
  })

  it('that have no place in the content service do not exist, and nothing outside of it is asked', async () => {
    await using world = await batchOverHttp()
    const storageIds = ['..', '.', 'store/e2', 'store/../e3']
    await world.create({ essays: storageIds.map((storageId, index) => ({ id: `e${index}`, storageId })) })
    await world.quire.waitFor(address, { tag: 'done' })
    expect(world.texts.received.map(({ path }) => path).sort()).toEqual(['/content/store%2F..%2Fe3', '/content/store%2Fe2'])
    await expect.poll(() => world.events.length).toBe(3)
    const { data } = completedMessage.parse(world.events[0]?.payload)
    expect(data.processing_summary).toMatchObject({ successful: 2, failed_essay_ids: ['e0', 'e1'] })
    expect(JSON.stringify(await world.quire.journal(address))).toContain("there is no text '..': in a URL this is a folder")
  })

  it('are waited for while the content service is away, and no essay is lost', async () => {
    await using world = await batchOverHttp()
    await world.texts.goAway()
    await world.create()
    await expect.poll(async () => (await troubles(world)).length).toBe(4)
    await world.texts.comeBack()
    await world.quire.waitFor(address, { tag: 'done' })
    expect(await world.progress()).toMatchObject(stable)
  })

  const passing: readonly [what: string, reply: Reply, trouble: string][] = [
    ['refused by 401', { status: 401 }, 'was answered with 401'],
    ['refused by 403', { status: 403 }, 'was answered with 403'],
    ['moved', { status: 302, headers: { location: '/elsewhere' } }, 'was answered with 302'],
    ['larger than 1 MB', { status: 200, body: 'x'.repeat(1_048_577) }, 'was answered with more than 1048576 bytes'],
    ['not sent in time', 'silence', 'did not answer within 1 s'],
  ]
  it.each(passing)('that are %s are waited for, and judged when that is over', async (_, reply, trouble) => {
    await using world = await batchOverHttp({ texts: ofOne(reply), fetchTimeoutMs: 1_000 })
    await world.create()
    await expect.poll(() => troubles(world), { timeout: 20_000 }).toEqual([expect.stringContaining(trouble)])
    world.texts.reply = () => text
    await world.quire.waitFor(address, { tag: 'done' }, { timeoutMs: 30_000 })
    expect(await world.progress()).toMatchObject(stable)
  })

  it('of exactly 1 MB are judged', async () => {
    await using world = await batchOverHttp({ texts: ofOne({ status: 200, body: 'x'.repeat(1_048_576) }) })
    await world.create()
    await world.quire.waitFor(address, { tag: 'done' })
    expect(await world.progress()).toMatchObject(stable)
  })

  it('wait as long as the content service says by Retry-After, uncounted', async () => {
    await using world = await batchOverHttp({ texts: () => ({ status: 429, headers: { 'retry-after': '300' } }) })
    const before = Date.now()
    await world.create()
    await expect.poll(() => troubles(world)).toEqual(new Array(4).fill(expect.stringContaining('was answered with 429')))
    for (const { attempt, notBefore } of await world.tasks()) {
      expect(attempt).toBe(0)
      expect(notBefore).toBeGreaterThanOrEqual(before + 300_000)
    }
  })

  it.each<[string, LoopbackServer['reply']]>([
    ['stay away', () => ({ status: 503 })],
    ['stay refused, be it one', ofOne({ status: 403 })],
    ['stay too large, be it one', ofOne({ status: 200, body: 'x'.repeat(1_048_577) })],
  ])('that %s beyond the patience fail the batch, never with a smaller ranking', async (_, texts) => {
    await using world = await batchOverHttp({ settings: { providerPatienceSeconds: 0.2 }, texts })
    await world.create()
    await world.quire.waitFor(address, { tag: 'done' }, { timeoutMs: 30_000 })
    expect(await world.progress()).toMatchObject({ status: 'ERROR_ESSAY_PROCESSING', end: { errorCode: 'CONTENT_SERVICE_ERROR' } })
    expect(world.provider.received).toEqual([])
  })
})

describe('the prompt of a batch', () => {
  it('that does not exist is gone without, and the journal says why', async () => {
    await using world = await batchOverHttp({ texts: ({ path }) => (path.endsWith('p') ? { status: 404 } : text) })
    await world.create({ promptStorageId: 'store/p' })
    await world.quire.waitFor(address, { tag: 'done' })
    expect(await world.progress()).toMatchObject(stable)
    expect(world.provider.received.every(({ body }) => !body.includes('Student Assignment'))).toBe(true)
    const notes = (await world.quire.journal(address)).flatMap((entry) => entry.notes ?? [])
    expect(notes).toContainEqual(expect.objectContaining({ prompt: 'missing', reason: 'RESOURCE_NOT_FOUND' }))
  })
})

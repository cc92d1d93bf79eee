import { describe, expect, it } from 'vitest'
import { comparisonId, parseComparisonId } from '../../src/batch/comparison-id.ts'
import { batchInput } from '../../src/batch/request.ts'
import { failedMessage } from '../../src/batch/wire/completion.ts'
import { cjBatchId, eventId } from '../../src/batch/wire-ids.ts'
import type { ComparisonRequest } from '../../src/batch/judge.ts'
import { address, type BatchScenario, batchScenario, failure, good } from '../support/batch-scenario.ts'

const minute = 60_000
const hour = 60 * minute

describe('a batch of four essays', () => {
  it('is ranked after six verdicts, by its own transitions, with its three events once', async () => {
    const batch = await batchScenario()
    expect(batch.state()).toBe('WAITING_CALLBACKS')
    expect(batch.asked).toHaveLength(6)
    await batch.answerAll()
    expect(batch.state()).toBe('COMPLETED')
    expect(batch.progress()).toMatchObject({
      status: 'COMPLETE_STABLE',
      counters: { submitted: 6, completed: 6, failed: 0 },
      end: { trigger: 'callback', code: 'stable_no_cycle' },
    })
    expect(batch.context().scores?.ranking.map(({ id }) => id)).toEqual(['e0', 'e1', 'e2', 'e3'])
    expect(batch.published.map((event) => event.topic)).toEqual([
      'huleedu.cj_assessment.completed.v1',
      'huleedu.assessment.result.published.v1',
      'huleedu.resource.consumption.v1',
    ])
  })

  it('takes verdicts in any order, before their own acceptance is recorded, and across restarts', async () => {
    const batch = await batchScenario()
    for (const comparison of [...batch.asked].reverse()) {
      await batch.answer(comparison)
      await batch.restart()
    }
    await batch.advance(1_000)
    expect(batch.progress().status).toBe('COMPLETE_STABLE')
    expect(batch.asked).toHaveLength(6)
  })

  it('names in its thin event no scores, and in its rich one the true number of comparisons', async () => {
    const batch = await batchScenario()
    await batch.answerAll()
    const [thin, rich] = batch.published.map((event) => (event.payload as { readonly data: Record<string, unknown> }).data)
    expect(JSON.stringify(thin)).not.toContain('score')
    expect(thin?.['processing_summary']).toMatchObject({ total_essays: 4, successful: 4, failed: 0, failed_essay_ids: [] })
    expect(rich?.['assessment_metadata']).toMatchObject({ comparison_count: 6, completion_status: 'COMPLETE_STABLE' })
    expect(rich?.['model_provider']).toBe('mock')
  })
})

describe('a second request of a batch', () => {
  const essays = [{ id: 'other', storageId: 't9' }]
  const again = async (batch: BatchScenario, correlationId: string, id: string) => {
    await batch.runtime().create(address, batchInput({ batchId: 'b', userId: 'u', essays, correlationId }), { id })
    await batch.advance(50)
  }
  const other = '7d4f0a52-3a51-4b2c-8f6f-6a0e3f5a7c10'

  it('is recorded and ignored while the batch runs, and always when it is the same request', async () => {
    const batch = await batchScenario()
    await again(batch, other, 'second')
    expect(batch.published).toEqual([])
    await batch.answerAll()
    const { length } = batch.published
    await again(batch, 'b', 'third')
    expect(batch.published).toHaveLength(length)
    const creates = (await batch.journal()).filter(({ kind }) => kind === 'create')
    expect(creates.map(({ ignored }) => ignored)).toEqual([null, 'the actor was born before', 'the actor was born before'])
    expect(batch.context().essays).toHaveLength(4)
  })

  it('is told that the batch was assessed when it comes after the end, once, under its own ids', async () => {
    const batch = await batchScenario()
    await batch.answerAll()
    const { length } = batch.published
    await again(batch, other, 'second')
    await again(batch, other, 'second')
    await batch.restart()
    await batch.advance(1_000)
    const [answer, ...more] = batch.published.slice(length)
    expect(more).toEqual([])
    expect(failedMessage.parse(answer?.payload)).toMatchObject({
      event_id: eventId(address, 'failed', 'second'),
      correlation_id: other,
      data: {
        cj_assessment_job_id: cjBatchId(address),
        system_metadata: {
          error_info: { reason: 'already_assessed', error_message: expect.stringMatching(/^batch already assessed/) as string },
        },
      },
    })
    expect(batch.progress().status).toBe('COMPLETE_STABLE')
    expect((await batch.journal()).at(-1)?.notes).toEqual([{ refused: 'create', reason: 'batch already assessed', correlationId: other }])
  })
})

describe('content', () => {
  it('that does not exist drops its essay, and the batch goes on with the rest', async () => {
    const batch = await batchScenario({ texts: { t0: 'a', t1: 'b', t2: '  ' } })
    await batch.answerAll()
    expect(batch.context().items).toEqual(['e0', 'e1'])
    expect(batch.published[0]?.payload).toMatchObject({ data: { processing_summary: { failed_essay_ids: ['e2', 'e3'] } } })
  })

  it('of one essay alone completes without a comparison; of none the batch fails', async () => {
    expect((await batchScenario({ texts: { t2: 'c' } })).progress().status).toBe('COMPLETE_INSUFFICIENT_ESSAYS')
    const none = await batchScenario({ texts: {} })
    expect(none.progress()).toMatchObject({ status: 'ERROR_ESSAY_PROCESSING', end: { errorCode: 'CONTENT_SERVICE_ERROR' } })
    expect(none.topics()).toEqual(['cj_assessment.failed'])
    expect((await batchScenario({ essays: 0 })).progress().end?.errorCode).toBe('VALIDATION_ERROR')
  })

  it('that cannot be had for other reasons is waited for, never left out', async () => {
    const texts: Record<string, string | Error> = { t0: 'a', t1: 'b', t2: 'c', t3: new Error('503') }
    const batch = await batchScenario({ texts })
    expect(batch.state()).toBe('INITIALIZING')
    texts['t3'] = 'd'
    await batch.advance(minute)
    expect(batch.context().items).toHaveLength(4)
  })
})

describe('failures', () => {
  it('that may pass are tried again, later each time, with the next attempt and the same pair', async () => {
    const batch = await batchScenario({ essays: 2 })
    for (const wait of [1_000, 4_000, 16_000]) {
      await batch.answer(batch.asked.at(-1) as ComparisonRequest, failure('RATE_LIMIT'))
      const before = batch.asked.length
      await batch.advance(wait - 200)
      expect(batch.asked).toHaveLength(before)
      await batch.advance(400)
      expect(batch.asked).toHaveLength(before + 1)
    }
    expect(batch.asked.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4])
    expect(new Set(batch.asked.map(({ essayA }) => essayA.id)).size).toBe(1)
    await batch.answer(batch.asked.at(-1) as ComparisonRequest)
    expect(batch.progress()).toMatchObject({ status: 'COMPLETE_STABLE', counters: { submitted: 4, completed: 1, failed: 3 } })
  })

  it('that cannot pass fail the batch at once: a wrong key costs one wave', async () => {
    const batch = await batchScenario({ essays: 12 })
    await batch.answerAll(() => failure('AUTHENTICATION_ERROR'))
    expect(batch.asked).toHaveLength(6)
    expect(batch.progress()).toMatchObject({ status: 'ERROR_PROCESSING', end: { errorCode: 'CJ_INSUFFICIENT_COMPARISONS' } })
    expect(batch.topics()).toEqual(['cj_assessment.failed'])
  })

  it('of every post end with CONNECTION_ERROR when nothing was ever accepted', async () => {
    const texts: Record<string, string | Error> = { t0: 'a', t1: 'b', t2: new Error('later') }
    const batch = await batchScenario({ essays: 3, texts })
    batch.postError = 'INVALID_REQUEST'
    texts['t2'] = 'c'
    await batch.advance(minute)
    expect(batch.asked).toEqual([])
    expect(batch.progress()).toMatchObject({ status: 'ERROR_PROCESSING', counters: { submitted: 3, completed: 0, failed: 3 } })
    const [event, ...more] = batch.published
    expect(more).toEqual([])
    const { data } = failedMessage.parse(event?.payload)
    expect(data.system_metadata.error_info).toMatchObject({ error_code: 'CONNECTION_ERROR' })
  })

  it('by silence end at the deadline, and a late verdict still counts', async () => {
    const batch = await batchScenario({ essays: 2 })
    const [first] = batch.asked as [ComparisonRequest]
    await batch.advance(10 * minute + 100)
    expect(batch.progress().counters).toMatchObject({ submitted: 2, failed: 1 })
    await batch.answer(first)
    expect(batch.progress()).toMatchObject({ status: 'COMPLETE_STABLE', counters: { completed: 1, failed: 1 } })
    expect(batch.state()).toBe('COMPLETED')
  })

  it('never move the deadline: a restart does not postpone it, and it fires once', async () => {
    const batch = await batchScenario({ essays: 2 })
    await batch.advance(9 * minute)
    await batch.restart()
    await batch.advance(minute)
    expect(batch.progress().counters).toMatchObject({ submitted: 2, failed: 1 })
    await batch.advance(5 * minute)
    expect(batch.progress().counters.failed).toBe(1)
  })
})

describe('verdicts that do not fit', () => {
  it('twice or contradicting change nothing but a count', async () => {
    const batch = await batchScenario()
    const [first] = batch.asked as [ComparisonRequest]
    await batch.answer(first)
    const slots = batch.context().slots
    const other = (good(first) as { readonly winner: string }).winner === 'Essay A' ? 'Essay B' : 'Essay A'
    await batch.answer(first)
    await batch.answer(first, { ...good(first), winner: other })
    expect(batch.context()).toMatchObject({ slots, duplicates: 2 })
  })

  it('malformed but joined become error outcomes, so that the wave does not hang', async () => {
    const batch = await batchScenario({ essays: 2 })
    await batch.answer(batch.asked[0] as ComparisonRequest, { ...good(batch.asked[0] as ComparisonRequest), confidence: 9 })
    await batch.advance(2_000)
    expect(batch.progress().counters).toMatchObject({ submitted: 2, failed: 1 })
  })

  it('of unknown comparisons or other essays are noted and change nothing', async () => {
    const batch = await batchScenario()
    const before = batch.context()
    const [first] = batch.asked as [ComparisonRequest]
    await batch.answer({ ...first, id: comparisonId(address, 99, 1) })
    await batch.answer({ ...first, id: comparisonId(address, 0, 7) })
    await batch.answer(first, { ...good(first), request_metadata: { essay_a_id: 'somebody', essay_b_id: 'else' } })
    expect(batch.context()).toEqual(before)
    expect((await batch.journal()).filter((entry) => JSON.stringify(entry.notes).includes('uncorrelated'))).toHaveLength(3)
  })

  it('after the end are in the journal and change nothing', async () => {
    const batch = await batchScenario()
    await batch.answerAll()
    const published = batch.published.length
    await batch.answer(batch.asked[0] as ComparisonRequest)
    expect((await batch.journal()).at(-1)).toMatchObject({ ignored: 'the actor is done' })
    expect(batch.published).toHaveLength(published)
  })
})

describe('an operator', () => {
  it('cancels: one failed event, nothing goes on', async () => {
    const batch = await batchScenario()
    await batch.send('CANCEL')
    expect(batch.progress()).toMatchObject({
      status: 'CANCELLED',
      end: { errorCode: 'PROCESSING_ERROR', code: 'cancelled', trigger: 'operator' },
    })
    expect(batch.topics()).toEqual(['cj_assessment.failed'])
    expect(batch.database.timers.size + batch.database.tasks.size).toBe(0)
  })

  it('forces from 80 % on, and is refused below with the numbers', async () => {
    const batch = await batchScenario({ essays: 5 })
    for (const comparison of batch.asked.slice(0, 7)) {
      await batch.answer(comparison)
    }
    await batch.send('FORCE')
    expect(batch.state()).toBe('WAITING_CALLBACKS')
    expect(JSON.stringify((await batch.journal()).at(-1)?.notes)).toContain('7 of 10 comparisons settled (70.0 %)')
    await batch.answer(batch.asked[7] as ComparisonRequest)
    await batch.send('FORCE')
    expect(batch.progress()).toMatchObject({ status: 'COMPLETE_FORCED_RECOVERY', end: { trigger: 'operator' } })
  })

  it('pauses: outcomes are counted, nothing is decided or recovered; resume decides at once', async () => {
    const batch = await batchScenario({ essays: 2 })
    await batch.send('PAUSE')
    await batch.answer(batch.asked[0] as ComparisonRequest)
    await batch.advance(20 * hour)
    expect(batch.state()).toBe('WAITING_CALLBACKS')
    expect(batch.progress()).toMatchObject({ paused: true, counters: { completed: 1 } })
    await batch.send('RESUME')
    expect(batch.progress()).toMatchObject({ status: 'COMPLETE_STABLE', end: { trigger: 'operator' } })
  })
})

describe('recovery', () => {
  it('finishes a batch that is 80 % settled, and fails one that is not, after the silence', async () => {
    const settled = await batchScenario({ essays: 5, settings: { comparisonDeadlineSeconds: 0 } })
    for (const comparison of settled.asked.slice(0, 8)) {
      await settled.answer(comparison)
    }
    await settled.advance(4 * hour + minute)
    expect(settled.progress()).toMatchObject({ status: 'COMPLETE_FORCED_RECOVERY', end: { trigger: 'recovery' } })
    const silent = await batchScenario({ essays: 5, settings: { comparisonDeadlineSeconds: 0 } })
    await silent.advance(3 * hour)
    await silent.answer(silent.asked[0] as ComparisonRequest)
    await silent.advance(2 * hour)
    expect(silent.state()).toBe('WAITING_CALLBACKS')
    await silent.advance(3 * hour)
    expect(silent.progress()).toMatchObject({
      status: 'ERROR_PROCESSING',
      end: { errorCode: 'TIMEOUT', code: 'stuck_timeout_insufficient_progress' },
    })
  })

  it('fails a batch whose texts never come', async () => {
    const batch = await batchScenario({ texts: { t0: new Error('503'), t1: 'b', t2: 'c', t3: 'd' } })
    await batch.advance(5 * hour)
    expect(batch.progress().status).toBe('ERROR_ESSAY_PROCESSING')
  })

  it('by the monitor wakes a batch whose timers were lost, and only that; without it nothing else changes', async () => {
    const batch = await batchScenario({ essays: 2, monitorIntervalMs: 5 * minute })
    batch.database.timers.clear()
    batch.database.tasks.clear()
    await batch.advance(5 * minute + 1_000)
    expect(batch.runtime().status.getSnapshot().context.monitor).toMatchObject({ recovered: 1, lastStuck: [address] })
    expect([...batch.database.timers.values()].map(({ id }) => id).sort()).toEqual([
      'xstate.after.deadline.batch.WAITING_CALLBACKS',
      'xstate.after.recovery.batch.WAITING_CALLBACKS',
    ])
    await batch.advance(10 * minute)
    await batch.answerAll()
    expect(batch.progress().status).toBe('COMPLETE_STABLE')
  })
})

describe('an owner that was away longer than deadline and recovery', () => {
  it('reads the verdicts that wait in the mailbox first: same outcome, no extra post', async () => {
    const batch = await batchScenario()
    const verdicts = batch.asked.map((comparison) => ({ comparison, data: good(comparison) }))
    const runtime = batch.runtime()
    const stopping = runtime.stop({ drainMs: 0 })
    await batch.clock.advance(2_000)
    await stopping
    const { verdictOf } = await import('../../src/batch/verdict.ts')
    const { createMemoryMailbox } = await import('../../src/testing/memory-mailbox.ts')
    const mailbox = createMemoryMailbox(batch.database, batch.clock)
    for (const { comparison, data } of verdicts) {
      const decoded = verdictOf({ ...data, correlation_id: comparison.id })
      await mailbox.append([{ id: comparison.id, address, kind: 'event', body: JSON.stringify('event' in decoded ? decoded.event : null) }])
    }
    batch.clock.jump(12 * hour)
    await batch.restart()
    await batch.advance(1_000)
    expect(batch.progress()).toMatchObject({ status: 'COMPLETE_STABLE', counters: { submitted: 6, failed: 0 } })
    expect(batch.asked).toHaveLength(6)
  })
})

describe('a request', () => {
  it.each([
    [{ batchId: '' }, /batchId/],
    [{ userId: '' }, /userId/],
    [
      {
        essays: [
          { id: 'a', storageId: 's' },
          { id: 'a', storageId: 't' },
        ],
      },
      /essays: the id 'a' stands twice/,
    ],
    [{ maxComparisons: 0 }, /maxComparisons/],
  ])('that is wrong is refused, naming the field: %o', (wrong, message) => {
    expect(() => batchInput({ batchId: 'b', userId: 'u', essays: [], ...wrong })).toThrow(message)
  })

  it('of more essays than allowed names the setting', () => {
    const essays = Array.from({ length: 2_001 }, (_, index) => ({ id: `e${index}`, storageId: 's' }))
    expect(() => batchInput({ batchId: 'b', userId: 'u', essays })).toThrow(/at most 2000 are allowed \(QUIRE_MAX_ESSAYS\)/)
  })
})

describe('a comparison id', () => {
  it('is a UUIDv8 that gives slot and attempt back, and no other UUID does', () => {
    for (const [slot, attempt] of [
      [0, 1],
      [4_294_967_295, 255],
      [12_345, 3],
    ] as const) {
      const id = comparisonId(address, slot, attempt)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(parseComparisonId(id)).toMatchObject({ slot, attempt })
      const damaged = id.slice(0, -1) + (id.endsWith('0') ? '1' : '0')
      expect(parseComparisonId(damaged)).toBeUndefined()
    }
    expect(parseComparisonId('3d9a7a0e-9a5f-4f5c-8a53-6f6f7c1c2b10')).toBeUndefined()
  })
})

describe('a large batch', () => {
  it('is fitted in a worker and ends like a small one', { timeout: 120_000 }, async () => {
    const { computeTask } = await import('../../src/batch/tasks/compute.ts')
    const { encodeSlots } = await import('../../src/judging/comparison.ts')
    const n = 160
    const slots = Array.from({ length: n - 1 }, (_, a) => ({
      a,
      b: a + 1,
      mode: 'coverage' as const,
      state: 'won_a' as const,
      attempts: 1,
    }))
    const items = Array.from({ length: n }, (_, index) => `e${String(index).padStart(3, '0')}`)
    const run = computeTask('scoreBatch').run
    const result = await run?.({ items, slots: encodeSlots(slots) } as never, { signal: new AbortController().signal } as never)
    expect(result?.output).toMatchObject({ ranking: items.map((id) => ({ id })) })
  })

  it('of 1,000 essays and 20,000 comparisons has a snapshot below 250 KB', async () => {
    const { encodeSlots } = await import('../../src/judging/comparison.ts')
    const slots = Array.from({ length: 20_000 }, (_, index) => ({
      a: index % 1_000,
      b: (index * 7 + 1) % 1_000,
      mode: 'coverage' as const,
      state: 'won_a' as const,
      attempts: 1,
    }))
    const essays = Array.from({ length: 1_000 }, (_, index) => ({ id: `essay-${index}`, storageId: `storage-${index}` }))
    const input = batchInput({ batchId: 'large', userId: 'u', essays })
    expect(JSON.stringify({ ...input, slots: encodeSlots(slots) }).length).toBeLessThan(250_000)
  })
})

import { describe, expect, it } from 'vitest'
import type { ComparisonRequest } from '../../src/batch/judge.ts'
import { batchScenario, failure, good } from '../support/batch-scenario.ts'

const paid = (comparison: ComparisonRequest): object => ({ ...good(comparison), cost_estimate: 0.01, token_usage: tokens })
const tokens = { prompt_tokens: 90, completion_tokens: 10, total_tokens: 100 }

/** A request for many comparisons, of a judge that answers at a cent each. */
const asking = (maxBatchCostUsd: number) => batchScenario({ request: { maxComparisons: 24 }, settings: { maxBatchCostUsd } })

describe('a batch with a cap on its cost', () => {
  it('pauses before it asks more than it may spend, says which cap and which setting, and goes on when it is resumed', async () => {
    const batch = await asking(0.05)
    await batch.answerAll(paid)
    expect(batch.asked).toHaveLength(6)
    expect(batch.state()).toBe('WAITING_CALLBACKS')
    expect(batch.progress()).toMatchObject({ paused: true, outstanding: 0, usage: { tokens: 600, cost: 0.06 } })
    const { waitsFor } = await batch.runtime().inspect('batch/b')
    expect(waitsFor).toContain('an operator to resume it (paused by cost guard: it has cost 0.0600 USD of 0.0500')
    expect(waitsFor).toContain('QUIRE_MAX_BATCH_COST_USD is 0.05')
    const notes = (await batch.journal()).flatMap((entry) => entry.notes)
    expect(notes.filter((note) => JSON.stringify(note).includes('cost guard'))).toMatchObject([
      { paused: { by: 'cost guard', usage: { tokens: 600, cost: 0.06 } } },
    ])
    await batch.advance(20 * 3_600_000)
    expect(batch.state()).toBe('WAITING_CALLBACKS')
    expect(await batch.runtime().stuck(10)).toEqual([])

    await batch.send('RESUME')
    expect(batch.progress()).toMatchObject({ paused: false, pausedBy: null })
    expect(batch.asked.length).toBeGreaterThan(6)
    for (const comparison of batch.asked.slice(6)) {
      await batch.answer(comparison, paid(comparison))
    }
    expect(batch.context().costAllowed).toBeCloseTo(0.11)
    expect(batch.state()).toBe('COMPLETED')
  })

  it('finishes with what it has when nothing more is needed, whatever it cost', async () => {
    const batch = await batchScenario({ settings: { maxBatchCostUsd: 0.01 } })
    await batch.answerAll(paid)
    expect(batch.state()).toBe('COMPLETED')
    expect(batch.progress()).toMatchObject({ status: 'COMPLETE_STABLE', paused: false, usage: { cost: 0.06 } })
  })

  it('does not try failures again beyond it', async () => {
    const batch = await batchScenario({ settings: { maxBatchCostUsd: 0.05 } })
    for (const [index, comparison] of [...batch.asked].entries()) {
      await batch.answer(comparison, index < 5 ? paid(comparison) : failure('TIMEOUT'))
    }
    expect(batch.progress()).toMatchObject({ paused: true, counters: { completed: 5, failed: 1 } })
    expect(batch.asked).toHaveLength(6)
  })

  it('counts answers that could not be used, for they were paid', async () => {
    const batch = await batchScenario({ settings: { maxBatchCostUsd: 0.05 } })
    for (const comparison of [...batch.asked]) {
      await batch.answer(comparison, { ...failure('INVALID_RESPONSE'), cost_estimate: 0.01, token_usage: tokens })
    }
    expect(batch.progress()).toMatchObject({ paused: true, usage: { tokens: 600, cost: 0.06 }, counters: { failed: 6 } })
    expect(batch.asked).toHaveLength(6)
  })

  it('counts an answer that came twice, for it was paid twice; without a cap it only counts', async () => {
    const batch = await asking(0)
    const [first] = batch.asked as [ComparisonRequest]
    await batch.answer(first, paid(first))
    await batch.answer(first, paid(first))
    expect(batch.progress()).toMatchObject({ paused: false, usage: { tokens: 200, cost: 0.02 } })
    await batch.answerAll(paid)
    expect(batch.state()).toBe('COMPLETED')
  })
})

it('a pause by an operator says who and why', async () => {
  const batch = await batchScenario()
  await batch.runtime().send('batch/b', { type: 'PAUSE', by: 'ada', reason: 'a question' } as { type: string }, { id: 'pause' })
  await batch.advance(50)
  expect((await batch.runtime().inspect('batch/b')).waitsFor).toMatch(
    /^an operator to resume it \(paused by ada: a question; 6 comparisons/,
  )
})

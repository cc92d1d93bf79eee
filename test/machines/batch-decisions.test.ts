import { describe, expect, it } from 'vitest'
import { posts, StepBatch } from '../support/step-batch.ts'

const permanent = { error: 'INVALID_REQUEST' }
const passing = { error: 'RATE_LIMIT' }

function ended(batch: StepBatch) {
  return { state: batch.state, status: batch.progress.status, trigger: batch.progress.end?.trigger }
}

function decisions(batch: StepBatch): { readonly row: number | string; readonly action: string }[] {
  return batch.notes.flatMap((note) => {
    const { decision } = note as { readonly decision?: { readonly row: number | string; readonly action: string } }
    return decision === undefined ? [] : [{ row: decision.row, action: decision.action }]
  })
}

describe('row 2: too few essays', () => {
  it('none sent fails with VALIDATION_ERROR, none prepared with CONTENT_SERVICE_ERROR', () => {
    const none = new StepBatch({ essays: 0 })
    expect(none.progress.end).toMatchObject({ status: 'ERROR_ESSAY_PROCESSING', errorCode: 'VALIDATION_ERROR' })
    const lost = new StepBatch({ essays: 2, bare: true }).notFetched(0, 'RESOURCE_NOT_FOUND').notFetched(1, 'EMPTY_TEXT')
    expect(lost.progress.end).toMatchObject({ status: 'ERROR_ESSAY_PROCESSING', errorCode: 'CONTENT_SERVICE_ERROR' })
    expect([...none.published, ...lost.published].map(({ topic }) => topic)).toEqual(['cj_assessment.failed', 'cj_assessment.failed'])
  })

  it('one completes without a comparison', () => {
    const batch = new StepBatch({ essays: 2, bare: true }).notFetched(0, 'RESOURCE_NOT_FOUND').fetched(1)
    expect(ended(batch)).toEqual({ state: 'COMPLETED', status: 'COMPLETE_INSUFFICIENT_ESSAYS', trigger: 'task' })
    expect(batch.published[0]?.data).toMatchObject({
      processing_summary: { successful_essay_ids: ['e0001'], failed_essay_ids: ['e0000'], single_essay_batch: true },
    })
  })

  it('a text that could not be had, though it exists, fails the batch instead of ranking without it', () => {
    const batch = new StepBatch({ essays: 3, bare: true }).fetched(0).notFetched(1, 'SERVICE_UNAVAILABLE')
    expect(batch.progress.end).toMatchObject({ status: 'ERROR_ESSAY_PROCESSING', errorCode: 'CONTENT_SERVICE_ERROR' })
    expect(batch.progress.end?.reason).toContain('e0001')
  })
})

describe('row 3: something is outstanding', () => {
  it('waits, though what is there would be enough', () => {
    const batch = new StepBatch({ essays: 5 })
    batch
      .outstanding()
      .slice(0, 9)
      .forEach((slot) => batch.verdict(slot))
    expect(batch.state).toBe('WAITING_CALLBACKS')
    expect(decisions(batch)).toEqual([])
  })
})

describe('row 4: retries', () => {
  it('go out all at once, when nothing is outstanding any more', () => {
    const batch = new StepBatch()
    const [first, second, ...others] = batch.outstanding() as [number, number, ...number[]]
    batch.verdict(first, passing).verdict(second, passing)
    expect(batch.outstanding()).toEqual(others)
    others.forEach((slot) => batch.verdict(slot))
    expect(batch.outstanding()).toEqual([first, second])
    expect(posts(batch).map(({ slot, attempt }) => [slot, attempt])).toEqual([
      [first, 2],
      [second, 2],
    ])
    expect(decisions(batch)).toEqual([{ row: 4, action: 'retry' }])
  })

  it('keep pair and orientation, and end after the setting', () => {
    const batch = new StepBatch({ essays: 2, settings: { maxRetryAttempts: 2 } })
    const shown = new Set<string>()
    for (let attempt = 1; attempt <= 3; attempt++) {
      posts(batch).forEach(({ a, b }) => shown.add(`${a[0]} ${b[0]}`))
      batch.answerWave(passing)
    }
    expect(shown.size).toBe(1)
    expect(ended(batch)).toEqual({ state: 'FAILED', status: 'ERROR_PROCESSING', trigger: 'callback' })
    expect(batch.progress.counters).toEqual({ submitted: 3, completed: 0, failed: 3 })
  })

  it('may pass the work cap, never the total budget', () => {
    const within = new StepBatch({ essays: 4, settings: { maxPairwiseComparisons: 7 } })
    within.verdict(0, passing).verdict(1, passing)
    within.outstanding().forEach((slot) => within.verdict(slot))
    expect(within.outstanding()).toEqual([0])
    expect(within.progress.counters.submitted).toBe(7)
    within.answerWave()
    expect(within.progress.counters.submitted).toBe(7)
    expect(within.state).toBe('COMPLETED')
  })
})

describe('row 5: stable', () => {
  it('finishes a small net whose verdicts form no cycle', () => {
    const batch = new StepBatch().answerWave()
    expect(ended(batch)).toEqual({ state: 'COMPLETED', status: 'COMPLETE_STABLE', trigger: 'callback' })
    expect(decisions(batch)).toEqual([{ row: 5, action: 'finish' }])
  })

  it.each([6, 7, 120, 288, 350, 100_000])('takes the same 6 comparisons of four essays with a default budget of %i', (budget) => {
    const batch = new StepBatch({ settings: { maxPairwiseComparisons: budget } }).answerWave()
    expect(batch.progress).toMatchObject({ status: 'COMPLETE_STABLE', planned: 6 })
  })

  it('an explicit budget buys resampling: 7 give 7, 60 give 12', () => {
    const spent = [7, 60].map((maxComparisons) => {
      const batch = new StepBatch({ request: { maxComparisons }, settings: { maxPairwiseComparisons: 350 } })
      while (!batch.isDone) {
        batch.answerWave()
      }
      return batch.progress.planned
    })
    expect(spent).toEqual([7, 12])
  })
})

describe('row 6: more may be submitted', () => {
  it('chooses another wave, each essay once, until it need not', () => {
    const batch = new StepBatch({ essays: 12 })
    const waves: number[] = []
    while (!batch.isDone) {
      const wave = batch.outstanding()
      waves.push(wave.length)
      expect(new Set(wave.flatMap((slot) => [batch.slots()[slot]?.a, batch.slots()[slot]?.b])).size).toBe(2 * wave.length)
      batch.answerWave()
    }
    expect(waves.length).toBeGreaterThan(5)
    expect(waves.every((size) => size <= 6)).toBe(true)
    expect(
      new Set(
        decisions(batch)
          .slice(0, -1)
          .map(({ row }) => row),
      ),
    ).toEqual(new Set([6]))
  })

  it('with an empty wave after all decides again, and ends', () => {
    const batch = new StepBatch({ essays: 12, hold: true }).compute('choosePairs').answerWave().computed('choosePairs', { pairs: [] })
    expect(batch.state).toBe('SCORING')
    batch.compute('scoreBatch')
    expect(ended(batch)).toEqual({ state: 'COMPLETED', status: 'COMPLETE_MAX_COMPARISONS', trigger: 'callback' })
  })

  it('stops at QUIRE_MAX_ITERATIONS waves', () => {
    const batch = new StepBatch({ essays: 12, settings: { maxIterations: 2 } }).answerWave().answerWave()
    expect(batch.isDone).toBe(true)
    expect(batch.progress.planned).toBe(12)
  })
})

describe('rows 7 to 9: nothing more can be submitted', () => {
  it('a success rate of exactly 0.80 passes, one below fails with the numbers', () => {
    const with80 = new StepBatch({ essays: 5 })
    const with70 = new StepBatch({ essays: 5 })
    for (const slot of with80.outstanding()) {
      with80.verdict(slot, slot < 2 ? permanent : 'best')
      with70.verdict(slot, slot < 3 ? permanent : 'best')
    }
    expect(with80.state).toBe('COMPLETED')
    expect(with70.progress.end).toMatchObject({
      status: 'ERROR_PROCESSING',
      code: 'low_success_rate',
      errorCode: 'CJ_INSUFFICIENT_COMPARISONS',
    })
    expect(with70.published.map(({ topic }) => topic)).toEqual(['cj_assessment.failed'])
    expect(with70.published[0]?.data).toMatchObject({
      system_metadata: { error_info: { context: { completed: 7, failed: 3, success_rate: 0.7, threshold: 0.8 } } },
    })
  })

  it('verdicts that form a cycle end at the cap', () => {
    const batch = new StepBatch({ essays: 3 })
    for (const [number, { a, b }] of batch.slots().entries()) {
      batch.verdict(number, (a + 1) % 3 === b ? 'a' : 'b')
    }
    expect(ended(batch)).toEqual({ state: 'COMPLETED', status: 'COMPLETE_MAX_COMPARISONS', trigger: 'callback' })
    expect(decisions(batch).at(-1)).toEqual({ row: 8, action: 'finish' })
  })

  it('an unconnected net is flagged, and an essay without a verdict is listed as failed', () => {
    const batch = new StepBatch({ essays: 7, settings: { maxPairwiseComparisons: 6 } })
    const times = new Map<number, number>()
    batch.slots().forEach(({ a, b }) => [a, b].forEach((item) => times.set(item, (times.get(item) ?? 0) + 1)))
    const lonely = [...times].find(([, count]) => count === 1)?.[0] as number
    for (const [number, { a, b }] of batch.slots().entries()) {
      batch.verdict(number, a === lonely || b === lonely ? permanent : 'best')
    }
    expect(decisions(batch).at(-1)).toEqual({ row: 9, action: 'finish' })
    expect(batch.context.scores?.components).toBe(2)
    expect(batch.published[0]?.data).toMatchObject({ processing_summary: { failed_essay_ids: [`e000${lonely}`], failed: 1 } })
  })
})

describe('early failure', () => {
  it('ends after one wave that failed for good: a wrong key does not cost the budget', () => {
    const batch = new StepBatch({ essays: 24, settings: { maxPairwiseComparisons: 350 } }).answerWave({ error: 'AUTHENTICATION_ERROR' })
    expect(batch.progress).toMatchObject({ status: 'ERROR_PROCESSING', counters: { submitted: 12, completed: 0, failed: 12 } })
    expect(decisions(batch)).toEqual([{ row: 'early', action: 'fail' }])
  })

  it('of posts alone, nothing ever accepted, is a CONNECTION_ERROR', () => {
    const batch = new StepBatch({ essays: 3, settings: { maxRetryAttempts: 0 } })
    batch.outstanding().forEach((slot) => batch.notAccepted(slot))
    expect(batch.progress.end).toMatchObject({ status: 'ERROR_PROCESSING', errorCode: 'CONNECTION_ERROR', trigger: 'task' })
  })
})

describe('what cannot be computed', () => {
  it('pairs: the batch fails; scores: it fails with CJ_SCORE_CONVERGENCE_FAILED; each with one event', () => {
    const unpaired = new StepBatch({ hold: true }).failTask('choosePairs')
    expect(unpaired.progress.end).toMatchObject({ status: 'ERROR_PROCESSING', code: 'pairs_not_chosen' })
    const unscored = new StepBatch({ hold: true }).compute('choosePairs').answerWave().failTask('scoreBatch')
    expect(unscored.progress.end).toMatchObject({ status: 'ERROR_PROCESSING', errorCode: 'CJ_SCORE_CONVERGENCE_FAILED' })
    expect([unpaired, unscored].flatMap((batch) => batch.published.map(({ topic }) => topic))).toEqual([
      'cj_assessment.failed',
      'cj_assessment.failed',
    ])
  })
})

describe('a net of more than 150 essays', () => {
  const large = { essays: 160, hold: true } as const

  it('is decided by a task inside WAITING_CALLBACKS, and outcomes go on being taken in', () => {
    const batch = new StepBatch(large).compute('choosePairs').answerWave()
    expect([batch.state, batch.inner]).toEqual(['WAITING_CALLBACKS', 'fitting'])
    batch.verdict(0)
    expect([batch.inner, batch.context.duplicates]).toEqual(['fitting', 1])
    batch.compute('decideHeavy')
    expect(batch.state).toBe('GENERATING_PAIRS')
  })

  it('never retries a slot whose late success came while the decision was made', () => {
    const batch = new StepBatch(large).compute('choosePairs').verdict(0, { error: 'TIMEOUT' })
    batch.answerWave()
    expect(batch.inner).toBe('fitting')
    batch.verdict(0).compute('decideHeavy')
    expect(batch.slots()[0]).toMatchObject({ attempts: 1, state: expect.stringMatching(/^won/) })
    expect(batch.inner).toBe('fitting')
    batch.compute('decideHeavy')
    expect(batch.state).toBe('GENERATING_PAIRS')
    expect(batch.progress.counters).toEqual({ submitted: 80, completed: 80, failed: 1 })
  })

  it('for which no pair is left is decided in WAITING_CALLBACKS, and ends', () => {
    const batch = new StepBatch(large).compute('choosePairs').answerWave().compute('decideHeavy').computed('choosePairs', { pairs: [] })
    expect([batch.state, batch.inner]).toEqual(['WAITING_CALLBACKS', 'fitting'])
    batch.compute('decideHeavy')
    expect(batch.state).toBe('SCORING')
  })

  it('that cannot be fitted fails', () => {
    const batch = new StepBatch(large).compute('choosePairs').answerWave().failTask('decideHeavy')
    expect(batch.progress.end).toMatchObject({ status: 'ERROR_PROCESSING', errorCode: 'CJ_SCORE_CONVERGENCE_FAILED' })
  })

  it('decides nothing while paused, and decides anew when resumed', () => {
    const batch = new StepBatch(large).compute('choosePairs').answerWave().send({ type: 'PAUSE' }).compute('decideHeavy')
    expect([batch.state, batch.inner]).toEqual(['WAITING_CALLBACKS', 'collecting'])
    batch.send({ type: 'RESUME' }).compute('decideHeavy')
    expect(batch.state).toBe('GENERATING_PAIRS')
  })
})

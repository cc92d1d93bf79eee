import { describe, expect, it } from 'vitest'
import { posts, StepBatch } from '../support/step-batch.ts'

const minute = 60_000
const hour = 60 * minute
const passing = { error: 'RATE_LIMIT' }

function topics(batch: StepBatch): string[] {
  return batch.published.map(({ topic }) => topic)
}

function refusals(batch: StepBatch): string[] {
  return batch.notes.flatMap((note) => {
    const { refused, reason } = note as { readonly refused?: string; readonly reason?: string }
    return refused === undefined ? [] : [String(reason)]
  })
}

/** Three waves of a batch of eleven with a budget of 12: 10 slots are settled, the third wave is being chosen. */
function choosingLastWave(): StepBatch {
  const batch = new StepBatch({ essays: 11, hold: true, settings: { maxPairwiseComparisons: 12 } })
  batch.compute('choosePairs').answerWave().compute('choosePairs').answerWave()
  expect([batch.state, batch.progress.settled, batch.progress.workCap]).toEqual(['GENERATING_PAIRS', 10, 12])
  return batch
}

function scoring(): StepBatch {
  const batch = new StepBatch({ hold: true }).compute('choosePairs').answerWave()
  expect(batch.state).toBe('SCORING')
  return batch
}

describe('a verdict', () => {
  it('closes its own post when it comes before the acceptance', () => {
    const batch = new StepBatch()
    expect(batch.tasks.has('c0.1')).toBe(true)
    batch.verdict(0)
    expect(batch.tasks.has('c0.1')).toBe(false)
    expect(batch.context.everAccepted).toBe(true)
  })

  it('of an older attempt settles the slot and closes the retry that is under way; the later answer is ignored', () => {
    const batch = new StepBatch({ essays: 3 }).verdict(0, passing)
    batch.outstanding().forEach((slot) => batch.verdict(slot))
    expect(posts(batch)).toMatchObject([{ slot: 0, attempt: 2 }])
    batch.verdict(0, 'best', 1)
    expect(batch.progress).toMatchObject({ status: 'COMPLETE_STABLE', counters: { submitted: 4, completed: 3, failed: 1 } })
  })

  it('that is an error of an older attempt changes nothing while the retry is under way', () => {
    const batch = new StepBatch({ essays: 2 }).verdict(0, passing)
    batch.verdict(0, { error: 'INVALID_REQUEST' }, 1)
    expect(batch.outstanding()).toEqual([0])
    expect(batch.context).toMatchObject({ duplicates: 1, errors: 1 })
    batch.verdict(0, 'best', 2)
    expect(batch.progress.status).toBe('COMPLETE_STABLE')
  })

  it('settles a slot that was given up, while the batch still runs', () => {
    const batch = new StepBatch({ essays: 5 }).verdict(0, { error: 'INVALID_REQUEST' })
    expect(batch.slots()[0]?.state).toBe('failed')
    batch.verdict(0, 'a')
    expect(batch.slots()[0]?.state).toBe('won_a')
    expect(batch.progress.counters).toEqual({ submitted: 10, completed: 1, failed: 1 })
  })

  it('that contradicts the first changes only the count of duplicates', () => {
    const batch = new StepBatch().verdict(0, 'a')
    const { slots } = batch.context
    batch.verdict(0, 'b').verdict(0, passing)
    expect(batch.context).toMatchObject({ slots, duplicates: 2, errors: 0 })
    expect(batch.rowsOf('comparisons')).toHaveLength(1)
  })

  it('for an attempt or a slot that was never submitted is noted and changes nothing', () => {
    const batch = new StepBatch()
    const { context } = batch
    batch.verdict(0, 'a', 2)
    batch.send({ type: 'VERDICT', comparison: 'x', slot: 77, attempt: 1, winner: 'a', errorCode: null, details: {} })
    expect(batch.context).toEqual(context)
    expect(JSON.stringify(batch.notes)).toContain('uncorrelated')
  })

  it('is kept as a row with its essays, in the step that takes it in', () => {
    const batch = new StepBatch({ essays: 2 }).verdict(0, 'b')
    const [{ a, b } = { a: -1, b: -1 }] = batch.slots()
    expect(batch.rowsOf('comparisons')).toMatchObject([
      { key: { address: 'batch/b' }, values: { slot: 0, attempt: 1, winner: 'essay_b', essay_a: `e000${a}`, essay_b: `e000${b}` } },
    ])
  })

  it('while the next wave is chosen is taken in, and while the scores are computed is kept for audit only', () => {
    const choosing = new StepBatch({ essays: 11, hold: true }).compute('choosePairs').verdict(0, { error: 'INVALID_REQUEST' })
    choosing.answerWave()
    expect(choosing.state).toBe('GENERATING_PAIRS')
    choosing.verdict(0)
    expect(choosing.progress.counters.completed).toBe(5)
    const late = scoring()
    const { slots } = late.context
    late.verdict(0, 'a').verdict(0, 'b')
    expect(late.context.slots).toBe(slots)
    expect(JSON.stringify(late.notes)).toContain('ignored')
  })
})

describe('the prompt of the students', () => {
  const request = { promptStorageId: 'p', llm: { temperature: 0 } }

  it('is waited for like the texts, wherever it comes between them', () => {
    for (const isLast of [true, false]) {
      const batch = new StepBatch({ bare: isLast, essays: 2, request })
      expect(batch.state).toBe('INITIALIZING')
      if (isLast) {
        batch.promptFetched()
        expect(batch.waitsFor).toBe('the texts of 2 of 2 essays')
        batch.fetched(0).fetched(1)
      } else {
        expect(batch.waitsFor).toBe('the texts of 0 of 2 essays and the prompt of the students')
        batch.promptFetched()
      }
      expect([batch.state, batch.context.prompt]).toEqual(['WAITING_CALLBACKS', 'fetched'])
    }
  })

  it('that cannot be had holds nothing up, and is noted with its reason', () => {
    const batch = new StepBatch({ essays: 2, request }).promptNotFetched('RESOURCE_NOT_FOUND')
    expect([batch.state, batch.context.prompt]).toEqual(['WAITING_CALLBACKS', 'missing'])
    expect(batch.notes).toContainEqual({ prompt: 'missing', reason: 'RESOURCE_NOT_FOUND', message: 'no text' })
  })

  it('is fetched once, also when recovery is armed anew, and again when its task was lost', () => {
    const batch = new StepBatch({ bare: true, request }).elapse(3 * hour).fetched(0)
    batch.promptFetched().elapse(2 * hour)
    expect([...batch.tasks.keys()]).toEqual(['t1', 't2', 't3'])
    const lost = new StepBatch({ request }).loseEverything().send({ type: 'WAKE' })
    expect([...lost.tasks]).toEqual([['prompt', { source: 'fetchPrompt', input: { storageId: 'p' } }]])
  })

  it('and what the request changes for its judge stand in one row, written with the birth', () => {
    const batch = new StepBatch({ bare: true, request }).elapse(3 * hour).fetched(0)
    batch.elapse(2 * hour)
    expect(batch.rowsOf('briefs')).toEqual([
      {
        table: 'briefs',
        key: { address: 'batch/b' },
        values: {
          prompt_storage_id: 'p',
          overrides: '{"temperature":0}',
          batching_mode: 'serial_bundle',
          user_id: 'u',
          rubric_storage_id: null,
          instructions: null,
        },
      },
    ])
  })
})

describe('a post that failed', () => {
  it.each(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND', 'UND_ERR_SOCKET', 'ABORT_ERR', undefined])(
    'with %s, a matter of the connection, is tried again',
    (code) => {
      const batch = new StepBatch({ essays: 2 }).notAccepted(0, code)
      expect(posts(batch)).toMatchObject([{ slot: 0, attempt: 2 }])
    },
  )

  it('with a code that cannot pass is not', () => {
    expect(new StepBatch({ essays: 2 }).notAccepted(0, 'AUTHENTICATION_ERROR').state).toBe('FAILED')
  })

  it('though the provider had it: its verdict still counts', () => {
    const batch = new StepBatch({ essays: 2 }).notAccepted(0).verdict(0, 'best', 1)
    expect(batch.progress).toMatchObject({ status: 'COMPLETE_STABLE', counters: { submitted: 2, completed: 1, failed: 1 } })
  })
})

describe('the deadline', () => {
  it('runs from the acceptance, and is armed for the earliest', () => {
    const batch = new StepBatch({ essays: 3 })
    const born = batch.at
    batch
      .elapse(minute)
      .accepted(0)
      .elapse(4 * minute)
      .accepted(1)
      .accepted(2)
    batch.elapse(6 * minute - 1)
    expect(batch.outstanding()).toHaveLength(3)
    batch.elapse(1)
    expect(batch.outstanding()).toEqual([1, 2])
    expect(batch.due('deadline')).toBe(born + 15 * minute)
    batch.elapse(4 * minute)
    expect(batch.context.trigger).toBe('deadline')
    expect(posts(batch).map(({ attempt }) => attempt)).toEqual([2, 2, 2])
  })

  it('does not begin before the acceptance, however long that takes', () => {
    const batch = new StepBatch({ essays: 2 }).elapse(hour)
    expect(batch.outstanding()).toEqual([0])
    batch.accepted(0).elapse(10 * minute)
    expect(batch.progress.counters).toMatchObject({ submitted: 2, failed: 1 })
  })

  it('of 0 is off', () => {
    const batch = new StepBatch({ essays: 2, settings: { comparisonDeadlineSeconds: 0 } }).accepted(0).elapse(3 * hour)
    expect(batch.progress.counters).toMatchObject({ submitted: 1, failed: 0 })
  })

  it('of the last retry decides', () => {
    const batch = new StepBatch({ essays: 2, settings: { maxRetryAttempts: 1 } })
    batch
      .accepted(0)
      .elapse(10 * minute)
      .accepted(0)
      .elapse(10 * minute)
    expect(batch.progress.end).toMatchObject({ status: 'ERROR_PROCESSING', trigger: 'deadline', errorCode: 'CJ_INSUFFICIENT_COMPARISONS' })
  })
})

describe('recovery', () => {
  it('of INITIALIZING fails a batch whose texts do not come, four hours after the last one', () => {
    const batch = new StepBatch({ bare: true })
      .elapse(3 * hour)
      .fetched(0)
      .elapse(2 * hour)
    expect(batch.state).toBe('INITIALIZING')
    batch.elapse(2 * hour)
    expect(batch.progress.end).toMatchObject({ status: 'ERROR_ESSAY_PROCESSING', errorCode: 'TIMEOUT', trigger: 'recovery' })
  })

  it('of GENERATING_PAIRS finishes at 80 % settled, and fails below', () => {
    const enough = choosingLastWave().elapse(4 * hour)
    expect([enough.state, enough.context.end?.trigger]).toEqual(['SCORING', 'recovery'])
    expect(enough.compute('scoreBatch').progress.status).toBe('COMPLETE_FORCED_RECOVERY')
    const nothing = new StepBatch({ hold: true }).elapse(4 * hour)
    expect(nothing.progress.end).toMatchObject({ code: 'stuck_timeout_insufficient_progress', errorCode: 'TIMEOUT' })
  })

  it('of SCORING starts the task again and again, and the batch ends as it was decided', () => {
    const batch = scoring()
    batch.tasks.delete('scoreBatch')
    batch.elapse(4 * hour)
    expect([batch.state, batch.tasks.has('scoreBatch')]).toEqual(['SCORING', true])
    batch.elapse(9 * hour).compute('scoreBatch')
    expect(batch.progress.end).toMatchObject({ status: 'COMPLETE_STABLE', trigger: 'callback' })
  })

  it('of WAITING_CALLBACKS looks at the silence since the last outcome, not at the age', () => {
    const batch = new StepBatch({ essays: 5, settings: { comparisonDeadlineSeconds: 0 } })
    for (let slot = 0; slot < 8; slot++) {
      batch.elapse(3 * hour).verdict(slot)
    }
    expect(batch.state).toBe('WAITING_CALLBACKS')
    batch.elapse(4 * hour)
    expect(batch.progress).toMatchObject({ status: 'COMPLETE_FORCED_RECOVERY', settled: 8, workCap: 10 })
  })

  it('asks for the success rate too: 80 % settled by errors are not finished', () => {
    const batch = new StepBatch({ essays: 5, settings: { comparisonDeadlineSeconds: 0 } })
    for (let slot = 0; slot < 8; slot++) {
      batch.verdict(slot, slot < 2 ? { error: 'INVALID_REQUEST' } : 'best')
    }
    expect(batch.elapse(4 * hour).progress.end).toMatchObject({ status: 'ERROR_PROCESSING', errorCode: 'TIMEOUT' })
  })

  it.each([
    ['INITIALIZING', () => new StepBatch({ bare: true })],
    ['GENERATING_PAIRS', choosingLastWave],
    ['WAITING_CALLBACKS', () => new StepBatch()],
    ['SCORING', scoring],
  ])('leaves a paused batch in %s alone, for days', (state, made) => {
    const batch = made()
      .send({ type: 'PAUSE' })
      .elapse(72 * hour)
    expect([batch.state, batch.context.paused]).toEqual([state, true])
    expect(batch.due('recovery')).toBeGreaterThan(batch.at)
  })
})

describe('pause and resume', () => {
  it('in INITIALIZING: texts are taken in, pairs are chosen when resumed', () => {
    const batch = new StepBatch({ bare: true }).send({ type: 'PAUSE' })
    ;[0, 1, 2, 3].forEach((index) => batch.fetched(index))
    expect(batch.state).toBe('INITIALIZING')
    expect(batch.send({ type: 'RESUME' }).outstanding()).toHaveLength(6)
  })

  it('in GENERATING_PAIRS: a wave that was chosen meanwhile is not submitted, and is the same when resumed', () => {
    const straight = new StepBatch()
    const batch = new StepBatch({ hold: true }).send({ type: 'PAUSE' }).compute('choosePairs')
    expect([batch.state, batch.tasks.size]).toEqual(['GENERATING_PAIRS', 0])
    batch.send({ type: 'RESUME' }).compute('choosePairs')
    expect(batch.context.slots).toBe(straight.context.slots)
  })

  it('in WAITING_CALLBACKS: outcomes count and deadlines run, retries and decisions wait', () => {
    const batch = new StepBatch({ essays: 3 }).accepted(0).send({ type: 'PAUSE' }).verdict(1).verdict(2).elapse(hour)
    expect(batch.progress).toMatchObject({ status: 'PERFORMING_COMPARISONS', counters: { submitted: 3, completed: 2, failed: 1 } })
    expect(batch.waitsFor).toMatch(/^an operator to resume it/)
    batch.send({ type: 'RESUME' })
    expect(batch.outstanding()).toEqual([0])
    expect(batch.progress.counters.submitted).toBe(4)
  })

  it('RESUME of a batch that is not paused changes nothing that is under way', () => {
    const batch = new StepBatch().verdict(0)
    const open = batch.outstanding()
    expect(batch.send({ type: 'RESUME' }).outstanding()).toEqual(open)
  })
})

describe('force', () => {
  it.each([
    ['INITIALIZING', () => new StepBatch({ bare: true }), 'there is nothing to finish with yet'],
    ['GENERATING_PAIRS', () => new StepBatch({ hold: true }), '0 of 6 comparisons settled (0.0 %)'],
    ['WAITING_CALLBACKS', () => new StepBatch({ essays: 5 }).verdict(0), '1 of 10 comparisons settled (10.0 %)'],
    ['SCORING', scoring, 'it is being scored already; 6 of 6 comparisons settled (100.0 %)'],
  ])('in %s below the thresholds, or too late, is refused with the numbers and changes nothing', (state, made, reason) => {
    const batch = made()
    const { context } = batch
    batch.send({ type: 'FORCE' })
    expect(batch.state).toBe(state)
    expect(batch.context).toEqual(context)
    expect(refusals(batch)).toHaveLength(1)
    expect(refusals(batch)[0]).toContain(reason)
  })

  it('finishes from GENERATING_PAIRS and WAITING_CALLBACKS from 80.0 % on', () => {
    const choosing = choosingLastWave().send({ type: 'FORCE' }).compute('scoreBatch')
    const waiting = new StepBatch({ essays: 5 })
    ;[0, 1, 2, 3, 4, 5, 6, 7].forEach((slot) => waiting.verdict(slot))
    waiting.send({ type: 'FORCE' })
    for (const batch of [choosing, waiting]) {
      expect(batch.progress.end).toMatchObject({ status: 'COMPLETE_FORCED_RECOVERY', trigger: 'operator', code: 'forced' })
      expect(topics(batch)).toEqual(['cj_assessment.completed', 'assessment.result.published', 'resource.consumption'])
    }
  })
})

describe('cancel', () => {
  it.each([
    ['INITIALIZING', () => new StepBatch({ bare: true })],
    ['GENERATING_PAIRS', () => new StepBatch({ hold: true })],
    ['WAITING_CALLBACKS', () => new StepBatch().verdict(0)],
    ['a paused WAITING_CALLBACKS', () => new StepBatch().send({ type: 'PAUSE' })],
    ['SCORING', scoring],
  ])('in %s ends everything with one failed event', (_, made) => {
    const batch = made().send({ type: 'CANCEL' })
    expect(batch.state).toBe('CANCELLED')
    expect(batch.progress).toMatchObject({
      status: 'CANCELLED',
      end: { errorCode: 'PROCESSING_ERROR', code: 'cancelled', trigger: 'operator' },
    })
    expect(topics(batch)).toEqual(['cj_assessment.failed'])
    expect(batch.published[0]?.data).toMatchObject({ system_metadata: { error_info: { reason: 'cancelled' } } })
    expect(batch.tasks.size).toBe(0)
  })
})

describe('the monitor', () => {
  it('has what was never accepted posted again, under the same ids, and nothing else', () => {
    const batch = new StepBatch({ essays: 3 }).accepted(0).verdict(1)
    batch.loseEverything().send({ type: 'WAKE' })
    expect(posts(batch).map(({ slot, attempt }) => [slot, attempt])).toEqual([[2, 1]])
    batch.elapse(10 * minute)
    expect(batch.outstanding()).toEqual([2])
    batch.verdict(2)
    expect(posts(batch).map(({ slot, attempt }) => [slot, attempt])).toEqual([[0, 2]])
  })

  it('has the texts that are missing fetched again', () => {
    const batch = new StepBatch({ bare: true }).fetched(1)
    batch.loseEverything().send({ type: 'WAKE' })
    expect([...batch.tasks.keys()]).toEqual(['t0', 't2', 't3'])
  })

  it('is named as the trigger when what it woke ends the batch', () => {
    const batch = new StepBatch({ essays: 2, settings: { maxRetryAttempts: 0 } }).accepted(0)
    batch.loseEverything().elapse(hour).send({ type: 'WAKE' })
    expect(batch.progress.end).toMatchObject({ status: 'ERROR_PROCESSING', trigger: 'monitor' })
  })
})

describe('the trigger names the cause of the outcome that decided', () => {
  it('a text that could not be had, though the batch was resumed or woken before', () => {
    for (const type of ['RESUME', 'WAKE']) {
      const batch = new StepBatch({ essays: 2, bare: true }).send({ type }).notFetched(0, 'SERVICE_UNAVAILABLE')
      expect(batch.progress.end).toMatchObject({ errorCode: 'CONTENT_SERVICE_ERROR', trigger: 'task' })
    }
  })

  it('the last verdict, though an operator paused and resumed the batch while it was scored', () => {
    const batch = scoring().send({ type: 'PAUSE' }).send({ type: 'RESUME' }).compute('scoreBatch')
    expect(batch.progress).toMatchObject({ paused: false, end: { status: 'COMPLETE_STABLE', trigger: 'callback' } })
  })

  it('an operator who forced it, when the scores do not converge', () => {
    const batch = choosingLastWave().send({ type: 'FORCE' }).failTask('scoreBatch')
    expect(batch.progress.end).toMatchObject({ errorCode: 'CJ_SCORE_CONVERGENCE_FAILED', trigger: 'operator' })
  })
})

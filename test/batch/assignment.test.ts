import { describe, expect, it } from 'vitest'
import { gradesOf } from '../../src/batch/grades.ts'
import { batchMigrations, batchVersion } from '../../src/batch/snapshot-migrations.ts'
import { anchors as anchorTable, instructions, instructionTexts, keptTexts } from '../../src/batch/tables.ts'
import { encodeSlots, type Slot } from '../../src/judging/comparison.ts'
import type { Json } from '../../src/runtime/define-actor.ts'
import { batchScenario } from '../support/batch-scenario.ts'
import { StepBatch } from '../support/step-batch.ts'

const request = { assignmentId: 'a-1', promptStorageId: 'of-the-request' }
const anchors = [
  { id: 7, storageId: 'anchor-c', grade: 'C' },
  { id: 8, storageId: 'anchor-a', grade: 'A' },
]
const hour = 3_600_000

describe('what an assignment brings', () => {
  it('is waited for, and then its texts and its anchors; a prompt of the request is not asked for', () => {
    const batch = new StepBatch({ essays: 2, request })
    expect(batch.waitsFor).toBe('the texts of 0 of 2 essays and what the assignment brings')
    expect([...batch.tasks.keys()]).toEqual(['assignment'])
    batch.assignmentFound({ promptStorageId: 'p', rubricStorageId: 'r', anchors })
    expect([...batch.tasks].map(([id, { input }]) => [id, input])).toEqual([
      ['prompt', { storageId: 'p' }],
      ['rubric', { storageId: 'r' }],
      ['t2', { storageId: 'anchor-c' }],
      ['t3', { storageId: 'anchor-a' }],
    ])
    expect(batch.waitsFor).toBe('the texts of 2 of 4 essays and the prompt of the students and the rubric')
    batch.fetched(2).fetched(3).promptFetched()
    expect(batch.state).toBe('INITIALIZING')
    batch.rubricFetched()
    expect(batch.state).toBe('WAITING_CALLBACKS')
    const { items, storage, workCap } = batch.context
    expect(items).toEqual([expect.stringMatching(/^ANCHOR_7_[0-9a-f]{8}$/), expect.stringMatching(/^ANCHOR_8_/), 'e0000', 'e0001'])
    expect(storage).toEqual(['anchor-c', 'anchor-a', 's0', 's1'])
    expect(workCap).toBe(6)
  })

  it('is fetched once, also when recovery is armed anew, and again when its tasks were lost', () => {
    const batch = new StepBatch({ bare: true, essays: 2, request }).elapse(3 * hour).fetched(0)
    batch.assignmentFound({ rubricStorageId: 'r', anchors }).elapse(2 * hour)
    expect([...batch.tasks.keys()].sort()).toEqual(['rubric', 't1', 't2', 't3'])
    batch.loseEverything().send({ type: 'WAKE' })
    expect([...batch.tasks.keys()].sort()).toEqual(['rubric', 't1', 't2', 't3'])
    const early = new StepBatch({ essays: 2, request }).loseEverything().send({ type: 'WAKE' })
    expect([...early.tasks]).toEqual([['assignment', { source: 'fetchAssignment', input: { assignmentId: 'a-1' } }]])
  })

  it('may be missing a rubric or an anchor: the batch goes on, and no essay of a student is counted as failed for it', () => {
    const batch = new StepBatch({ essays: 2, request }).assignmentFound({ rubricStorageId: 'r', anchors })
    batch.notFetched(2, 'RESOURCE_NOT_FOUND').fetched(3).rubricNotFetched('RESOURCE_NOT_FOUND')
    expect([batch.state, batch.context.rubric, batch.context.items.length]).toEqual(['WAITING_CALLBACKS', 'missing', 3])
    expect(batch.notes).toContainEqual({ rubric: 'missing', reason: 'RESOURCE_NOT_FOUND', message: 'no text' })
    batch.outstanding().forEach((slot) => batch.verdict(slot))
    expect(batch.published[0]?.data).toMatchObject({ processing_summary: { total_essays: 2, successful: 2, failed_essay_ids: [] } })
  })

  it('that cannot be had at all fails the batch as an essay would, naming the anchor', () => {
    const batch = new StepBatch({ essays: 2, request }).assignmentFound({ anchors }).notFetched(3, 'CONTENT_SERVICE_ERROR')
    expect([batch.state, batch.context.end?.status]).toEqual(['FAILED', 'ERROR_ESSAY_PROCESSING'])
    expect(batch.context.end?.reason).toMatch(/^the text of anchor ANCHOR_8_/)
  })

  it('is no company for one student alone, nor is it asked for by none', () => {
    const batch = new StepBatch({ essays: 1, request })
    expect(batch.state).toBe('INITIALIZING')
    batch.assignmentFound({ anchors })
    expect([batch.state, batch.context.end?.status]).toEqual(['COMPLETED', 'COMPLETE_INSUFFICIENT_ESSAYS'])
    const result = batch.published.find(({ topic }) => topic === 'assessment.result.published')?.data
    expect(result?.['essay_results']).toMatchObject([{ essay_id: 'e0000', letter_grade: 'U', is_anchor: false }])
    expect(batch.published[0]?.data).toMatchObject({ processing_summary: { single_essay_batch: true } })
    expect(new StepBatch({ essays: 0, request }).context.end?.code).toBe('no_essays')
  })

  it('has items of its own, whatever the essays are called', () => {
    const first = new StepBatch({ essays: 2, request }).assignmentFound({ anchors })
    const name = first.context.assigned?.anchors[0]?.[0] ?? ''
    const essays = [name, 'e'].map((id) => ({ id, storageId: id }))
    const batch = new StepBatch({ bare: true, request: { ...request, essays } }).assignmentFound({ anchors })
    expect(batch.context.assigned?.anchors[0]?.[0]).toMatch(new RegExp(`^${name}[0-9a-f]$`))
  })

  it.each([
    ['unknown_assignment', 'VALIDATION_ERROR', 'unknown_assignment'],
    ['rubric_override_refused', 'VALIDATION_ERROR', 'rubric_override_refused'],
    ['ECONNRESET', 'PROCESSING_ERROR', 'assignment_not_read'],
  ])('that ends with %s fails the batch with %s', (code, errorCode, reason) => {
    const batch = new StepBatch({ essays: 1, request }).assignmentNotFound(code)
    expect(batch.context.end).toMatchObject({ status: 'ERROR_PROCESSING', errorCode, code: reason, trigger: 'task' })
    expect(batch.published.map(({ topic, data }) => [topic, Reflect.get(data['system_metadata'] as object, 'error_info')])).toEqual([
      ['cj_assessment.failed', expect.objectContaining({ error_code: errorCode, reason })],
    ])
  })

  it('is taken as it stands when the batch takes it: what is changed afterwards does not reach it', async () => {
    const kept = { body: 'The task of the students.', created_at: 1 }
    const key = { kind: 'assignment', subject: 'a-1' }
    const scenario = await batchScenario({
      essays: 2,
      request,
      rows: [
        {
          table: instructions.name,
          key,
          values: { body: 'Judge the argument.', grade_scale: 'swedish_8_anchor', context_origin: 'research_experiment', created_at: 1 },
        },
        {
          table: instructionTexts.name,
          key: { ...key, use: 'prompt' },
          values: { storage_id: 'quire-p', digest: null, created_at: 1 },
        },
        { table: keptTexts.name, key: { storage_id: 'quire-p' }, values: kept },
        {
          table: anchorTable.name,
          key: { assignment_id: 'a-1', grade_scale: 'swedish_8_anchor', label: 'A' },
          values: { grade: 'A', storage_id: 'anchor-a', digest: 'd', created_at: 1 },
        },
        {
          table: anchorTable.name,
          key: { assignment_id: 'a-1', grade_scale: 'eng5_np_national_9_step', label: '9' },
          values: { grade: '9', storage_id: 'anchor-9', digest: 'd', created_at: 1 },
        },
      ],
    })
    expect(scenario.context().storage).toEqual(['anchor-a', 't0', 't1'])
    const where = { kind: 'assignment', subject: 'a-1' }
    await scenario.runtime().rows.change({
      remove: [
        { table: instructions.name, where },
        { table: instructionTexts.name, where },
      ],
    })
    await scenario.restart()
    await scenario.advance(50)
    await scenario.answerAll()
    expect(scenario.state()).toBe('COMPLETED')
    expect(scenario.asked).toHaveLength(3)
    expect(scenario.asked.every(({ brief }) => brief.instructions === 'Judge the argument.')).toBe(true)
    expect(scenario.asked.every(({ brief }) => brief.assignment === 'The task of the students.')).toBe(true)
    expect(JSON.stringify(await scenario.journal())).not.toContain('The task of the students.')
    await scenario.stop()
  })
})

describe('grades of a ranking', () => {
  const items = ['ANCHOR_1', 'ANCHOR_2', 'ANCHOR_3', 'e1', 'e2', 'e3']
  const score: Readonly<Record<string, number>> = { ANCHOR_1: -2, ANCHOR_2: 2, ANCHOR_3: -9, e1: -1.9, e2: 1.9, e3: 0 }
  const slot = (a: number, b: number): Slot => ({ a, b, mode: 'coverage', state: 'won_b', attempts: 1 })

  function graded(slots: readonly Slot[], scores: boolean = true) {
    const ranking = items.map((id, place) => ({ id, rank: place + 1, score: score[id] as number, se: 0.3 }))
    const context: Parameters<typeof gradesOf>[0] = {
      items,
      slots: encodeSlots(slots),
      scores: scores ? { ranking, reliability: 1, flags: [], components: 1, seSummary: {}, positionBias: null } : null,
      assigned: {
        gradeScale: 'swedish_8_anchor',
        promptStorageId: null,
        rubricStorageId: null,
        anchors: [
          ['ANCHOR_1', 's1', 'E'],
          ['ANCHOR_2', 's2', 'B'],
          ['ANCHOR_3', 's3', 'A'],
        ],
      },
    }
    return gradesOf(context, ranking)
  }
  const chain = [slot(0, 3), slot(3, 4), slot(4, 1)]

  it('are projected where verdicts join a text to the anchors; an anchor nobody compared moves no grade', () => {
    const { grades, anchorsUsed, method, anchorDistribution } = graded(chain)
    expect(method).toBe('anchor')
    expect(anchorsUsed).toBe(2)
    expect(anchorDistribution).toMatchObject({ E: 1, B: 1, A: 0 })
    expect(grades.slice(3).map(({ letter }) => letter.charAt(0))).toEqual(['E', 'B', 'U'])
    expect(grades[5]?.confidence).toEqual({ score: 0, label: 'LOW' })
  })

  it('of a part of the net without anchors are U', () => {
    const { grades } = graded([slot(0, 1), slot(1, 2), slot(3, 4), slot(4, 5)])
    expect(grades.slice(3).map(({ letter }) => letter)).toEqual(['U', 'U', 'U'])
  })

  it('of anchors are those they are known to have, whatever their scores say', () => {
    const { grades } = graded([...chain, slot(2, 0)])
    expect(grades.slice(0, 3).map(({ letter, normalizedScore }) => [letter, normalizedScore])).toEqual([
      ['E', 0.2],
      ['B', 0.8],
      ['A', 1],
    ])
  })

  it('are U without scores', () => {
    expect(graded(chain, false)).toMatchObject({ method: 'default', reason: 'no_anchors', anchorDistribution: {} })
  })
})

it('a batch stored before assignments were looked at goes on without one', () => {
  const { context } = new StepBatch({ essays: 2 })
  const { assignment, assigned, assignmentProblem, rubric, ...old } = context
  const migrated = batchMigrations[3]?.({ context: old } as object as Json) as { readonly context: object }
  expect(batchVersion).toBe(4)
  expect(migrated.context).toEqual({ ...old, assignment, assigned, assignmentProblem, rubric })
})

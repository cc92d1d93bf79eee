import { describe, expect, it } from 'vitest'
import type { Content, Judge } from '../../src/batch/judge.ts'
import { batchInput } from '../../src/batch/request.ts'
import type { ResultData } from '../../src/batch/wire/result.ts'
import { topics } from '../../src/batch/wire/topics.ts'
import type { BatchResult } from '../../src/host/batch-result.ts'
import { rankingTable } from '../../src/host/cli/ranking-table.ts'
import { type TestService, testService, whenReady } from '../support/batch-service.ts'
import { requestEnvelope } from '../support/kafka/platform.ts'

/** The students' essays e0 to e3 begin with how good they are; so do the anchors. */
const qualities: Readonly<Record<string, number>> = { t0: 15, t1: 38, t2: 62, t3: 85 }
const textOf = (quality: number): string => `${quality} is how good it is. `.repeat(8)
const content: Content = { fetch: async (storageId) => textOf(qualities[storageId] ?? 0) }

/** A judge in the process that is never wrong, and tells what it was told. */
function truthful(): { readonly judge: Judge; readonly briefs: Parameters<Judge['submit']>[0]['brief'][] } {
  const briefs: Parameters<Judge['submit']>[0]['brief'][] = []
  const judge: Judge = {
    concurrency: 20,
    async submit({ essayA, essayB, brief }, { answer }) {
      briefs.push(brief)
      const winner = Number.parseInt(essayA.text, 10) > Number.parseInt(essayB.text, 10) ? 'Essay A' : 'Essay B'
      await answer({ winner, justification: 'it is better', confidence: 4, provider: 'mock', model: 'm' })
    },
  }
  return { judge, briefs }
}

async function assigned(judge: Judge, instructions: object = {}): Promise<TestService> {
  const made = await testService({ judge, content })
  await whenReady(made)
  const body = { assignment_id: 'a-1', instructions_text: 'Judge how good it is.', ...instructions }
  expect(await made.call('POST', '/admin/v1/assessment-instructions', { body })).toMatchObject({ status: 200 })
  return made
}

async function register(made: TestService, grade: string, quality: number, label = grade): Promise<void> {
  const body = { assignment_id: 'a-1', grade, anchor_label: label, essay_text: textOf(quality) }
  expect(await made.call('POST', '/api/v1/anchors/register', { body })).toMatchObject({ status: 201 })
}

function requested(batchId: string, overrides: object = {}): object {
  const envelope = requestEnvelope(batchId, 4) as { readonly data: object }
  return { ...envelope, data: { ...envelope.data, assignment_id: 'a-1', ...overrides } }
}

/** The data of the events of a batch that has ended, by topic. */
async function eventsOf(made: TestService, batch: string): Promise<ReadonlyMap<string, object>> {
  await made.service.quire.waitFor(`batch/${batch}`, { tag: 'done' })
  const events = await made.service.quire.outputs(`batch/${batch}`)
  return new Map(events.map(({ topic, payload }) => [topic, (payload as { readonly data: object }).data]))
}

async function resultOf(made: TestService, batch: string): Promise<ResultData> {
  return (await eventsOf(made, batch)).get(topics.result) as ResultData
}

describe('a batch of an assignment', () => {
  it('with anchors is compared with them, judged by its prompt and rubric, and graded in the result event', async () => {
    const { judge, briefs } = truthful()
    const made = await assigned(judge)
    await made.call('POST', '/admin/v1/student-prompts', { body: { assignment_id: 'a-1', prompt_text: 'Write something good.' } })
    await made.call('POST', '/admin/v1/judge-rubrics', { body: { assignment_id: 'a-1', rubric_text: 'The higher number is better.' } })
    for (const [grade, quality] of [
      ['F', 5],
      ['E', 20],
      ['D', 35],
      ['C', 60],
      ['B', 80],
      ['A', 95],
    ] as const) {
      await register(made, grade, quality)
    }
    expect(await made.call('POST', '/v1/batches', { body: requested('g-1') })).toMatchObject({ status: 202 })
    const events = await eventsOf(made, 'g-1')
    expect(events.get(topics.completed)).toMatchObject({
      processing_summary: {
        total_essays: 4,
        successful: 4,
        failed: 0,
        successful_essay_ids: ['e0', 'e1', 'e2', 'e3'],
        failed_essay_ids: [],
      },
    })
    const { essay_results: results, assessment_metadata: metadata, assignment_id } = events.get(topics.result) as ResultData
    expect(assignment_id).toBe('a-1')
    expect(metadata).toMatchObject({
      anchor_essays_used: 6,
      calibration_method: 'anchor',
      calibration_reason: null,
      grade_scale: 'swedish_8_anchor',
      anchor_grade_distribution: { A: 1, B: 1, C: 1, D: 1, E: 1, F: 1, U: 0 },
      comparison_count: 45,
    })
    expect(results.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    const anchors = results.filter(({ is_anchor }) => is_anchor)
    expect(anchors.map(({ letter_grade, display_name }) => [letter_grade, display_name])).toEqual(
      ['A', 'B', 'C', 'D', 'E', 'F'].map((grade) => [grade, `ANCHOR GRADE ${grade}`]),
    )
    expect(anchors.every(({ essay_id }) => /^ANCHOR_\d+_[0-9a-f]{8}$/.test(essay_id))).toBe(true)
    const students = results.filter(({ is_anchor }) => !is_anchor)
    expect(students.map(({ essay_id }) => essay_id)).toEqual(['e3', 'e2', 'e1', 'e0'])
    expect(students.map(({ letter_grade }) => letter_grade.charAt(0))).toEqual(['B', 'C', 'D', 'E'])
    for (const { normalized_score, confidence_score, display_name } of students) {
      expect(normalized_score).toBeGreaterThan(0)
      expect(confidence_score).toBeGreaterThan(0)
      expect(display_name).toBeNull()
    }
    const told = results.map(({ essay_id, letter_grade, is_anchor }) => ({ id: essay_id, grade: letter_grade, isAnchor: is_anchor }))
    const shown = (await made.call('GET', '/v1/batches/g-1/result')).json as unknown as BatchResult
    expect(shown.scores?.ranking).toMatchObject(told)
    const { text: csv } = await made.call('GET', '/v1/batches/g-1/result', { headers: { accept: 'text/csv' } })
    const cells = csv.split('\r\n').map((line) => line.split(','))
    expect(cells[0]).toEqual(['rank', 'essay_id', 'score', 'standard_error', 'grade', 'is_anchor'])
    expect(cells.slice(1, -1).map(([, id, , , grade, isAnchor]) => [id, grade, isAnchor])).toEqual(
      told.map(({ id, grade, isAnchor }) => [`"${id}"`, `"${grade}"`, String(isAnchor)]),
    )
    expect(rankingTable(shown.scores?.ranking ?? []).map((line) => line.slice(0, 60))).toEqual([
      expect.stringMatching(/^rank {2}essay +grade {3}score/),
      ...told.map(({ id, grade, isAnchor }) =>
        expect.stringMatching(new RegExp(`^ +\\d+ {2}${id} +${grade.replace('+', '\\+')}${isAnchor ? ' =' : ' '} `)),
      ),
    ])
    expect(new Set(briefs.map((brief) => JSON.stringify(brief))).size).toBe(1)
    expect(briefs[0]).toMatchObject({
      assignment: 'Write something good.',
      instructions: 'Judge how good it is.',
      rubric: 'The higher number is better.',
    })
  })

  it('on the national scale is graded in letters, with the anchors named by their own grades', async () => {
    const made = await assigned(truthful().judge, { grade_scale: 'eng5_np_national_9_step' })
    await register(made, '2', 10)
    await register(made, '8', 90)
    await made.call('POST', '/v1/batches', { body: requested('g-2') })
    const { essay_results: results } = await resultOf(made, 'g-2')
    expect(results.filter(({ is_anchor }) => is_anchor).map(({ display_name }) => display_name)).toEqual([
      'ANCHOR GRADE 8',
      'ANCHOR GRADE 2',
    ])
    expect(results.every(({ letter_grade }) => /^[A-F][+-]?$/.test(letter_grade))).toBe(true)
  })

  it('without anchors, and with anchors of one grade, gets U', async () => {
    const made = await assigned(truthful().judge)
    await made.call('POST', '/v1/batches', { body: requested('g-3') })
    const bare = await resultOf(made, 'g-3')
    expect(bare.essay_results.map(({ essay_id }) => essay_id)).toEqual(['e3', 'e2', 'e1', 'e0'])
    for (const result of bare.essay_results) {
      expect(result).toMatchObject({
        letter_grade: 'U',
        normalized_score: 0,
        confidence_score: 0,
        confidence_label: 'LOW',
        is_anchor: false,
      })
    }
    expect(bare.assessment_metadata).toMatchObject({
      anchor_essays_used: 0,
      calibration_method: 'default',
      calibration_reason: 'no_anchors',
      anchor_grade_distribution: {},
    })
    await register(made, 'C', 30)
    await register(made, 'C', 70, 'C-2')
    await made.call('POST', '/v1/batches', { body: requested('g-4') })
    const one = await resultOf(made, 'g-4')
    expect(one.essay_results.filter(({ is_anchor }) => !is_anchor).map(({ letter_grade }) => letter_grade)).toEqual(['U', 'U', 'U', 'U'])
    expect(one.assessment_metadata).toMatchObject({
      anchor_essays_used: 0,
      calibration_reason: 'one_distinct_grade',
      anchor_grade_distribution: { C: 2 },
    })
  })

  it('whose prompt is lost goes on without it; that is counted by its reason', async () => {
    const { judge, briefs } = truthful()
    const lost = Object.assign(new Error('no such text'), { code: 'RESOURCE_NOT_FOUND' })
    const made = await testService({
      judge,
      content: { fetch: (storageId, scope) => (storageId === 'lost' ? Promise.reject(lost) : content.fetch(storageId, scope)) },
    })
    await whenReady(made)
    const body = { assignment_id: 'a-1', instructions_text: 'Judge how good it is.', student_prompt_storage_id: 'lost' }
    await made.call('POST', '/admin/v1/assessment-instructions', { body })
    await made.call('POST', '/v1/batches', { body: requested('g-7') })
    expect((await eventsOf(made, 'g-7')).has(topics.completed)).toBe(true)
    expect(briefs[0]).toMatchObject({ assignment: null, instructions: 'Judge how good it is.' })
    const counted = 'quire_missing_brief_texts_total{text="prompt",reason="RESOURCE_NOT_FOUND"} 1'
    await expect.poll(async () => (await made.call('GET', '/metrics')).text).toContain(counted)
  })

  it('that is unknown is refused to the caller, and no batch is born', async () => {
    const made = await assigned(truthful().judge)
    const unknown = requested('g-5', { assignment_id: 'a-2' })
    expect(await made.call('POST', '/v1/batches', { body: unknown })).toMatchObject({
      status: 400,
      json: { error: { code: 'VALIDATION_ERROR', field: 'assignment_id', message: expect.stringContaining("unknown assignment 'a-2'") } },
    })
    expect((await made.call('GET', '/v1/batches')).json['items']).toEqual([])
  })

  it('that was deleted meanwhile fails the batch, with the reason', async () => {
    const made = await assigned(truthful().judge)
    const essays = [0, 1].map((index) => ({ id: `e${index}`, storageId: `t${index}` }))
    const body = batchInput({ batchId: 'g-5', userId: 'teacher', assignmentId: 'a-2', essays })
    await made.service.quire.create('batch/g-5', body, { id: 'of-an-embedder' })
    const failed = (await eventsOf(made, 'g-5')).get(topics.failed)
    expect(failed).toMatchObject({
      status: 'failed_critically',
      system_metadata: { error_info: { error_code: 'VALIDATION_ERROR', reason: 'unknown_assignment', error_type: 'UnknownAssignment' } },
    })
  })

  it('of the nation keeps its rubric; elsewhere a request may bring another', async () => {
    const { judge, briefs } = truthful()
    const made = await assigned(judge, { context_origin: 'canonical_national' })
    const override = { llm_config_overrides: { judge_rubric_override: 'The lower number is better.' } }
    expect(await made.call('POST', '/v1/batches', { body: requested('g-6', override) })).toMatchObject({
      status: 400,
      json: { error: { code: 'VALIDATION_ERROR', field: 'llm_config_overrides.judge_rubric_override' } },
    })
    const body = { assignment_id: 'a-1', instructions_text: 'Judge how good it is.' }
    await made.call('POST', '/admin/v1/assessment-instructions', { body })
    expect(await made.call('POST', '/v1/batches', { body: requested('g-6', override) })).toMatchObject({ status: 202 })
    await eventsOf(made, 'g-6')
    expect(briefs[0]?.overrides).toEqual({ judgeRubric: 'The lower number is better.' })
  })
})

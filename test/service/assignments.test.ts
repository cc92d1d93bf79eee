import { describe, expect, it } from 'vitest'
import { contentService } from '../../src/batch/tasks/content-service.ts'
import { batchSettings } from '../../src/batch/settings.ts'
import { silentLogger, systemClock, systemRandom } from '../../src/runtime/system.ts'
import { type TestService, testService, whenReady } from '../support/batch-service.ts'
import { loopbackServer } from '../support/loopback-server.ts'

const instructionsPath = '/admin/v1/assessment-instructions'

async function ready(options: Parameters<typeof testService>[0] = {}): Promise<TestService> {
  const made = await testService(options)
  await whenReady(made)
  return made
}

async function keepInstructions(made: TestService, body: object = {}) {
  const instructions_text = 'Judge the argument, then the language.'
  return await made.call('POST', instructionsPath, { body: { assignment_id: 'a-1', instructions_text, ...body } })
}

const essay = (name: string): string => `${name} `.repeat(60)

describe('the instructions of an assignment', () => {
  it('are made, replaced under the same id and time, listed a page at a time, and deleted with all that belongs to them', async () => {
    const made = await ready()
    const first = await keepInstructions(made)
    expect(first).toMatchObject({
      status: 200,
      json: {
        id: expect.any(Number),
        assignment_id: 'a-1',
        course_id: null,
        grade_scale: 'swedish_8_anchor',
        context_origin: 'research_experiment',
        student_prompt_storage_id: null,
        judge_rubric_storage_id: null,
        created_at: expect.stringMatching(/Z$/),
      },
    })
    expect((await keepInstructions(made)).json).toEqual(first.json)
    const changed = await keepInstructions(made, { student_prompt_storage_id: 'st-p', context_origin: 'canonical_national' })
    const expected = { ...first.json, student_prompt_storage_id: 'st-p', context_origin: 'canonical_national' }
    expect(changed.json).toEqual(expected)
    expect((await keepInstructions(made, { context_origin: 'canonical_national' })).json).toEqual(expected)
    expect((await made.call('GET', `${instructionsPath}/assignment/a-1`)).json).toEqual(expected)
    expect((await keepInstructions(made, { student_prompt_storage_id: null })).json).toEqual(first.json)

    // Who did what is in its journal.
    const told = async (): Promise<object[]> =>
      (await made.service.quire.journal('assignment/a-1')).map(({ kind, event }) => ({ kind, event }))
    await expect.poll(told).toHaveLength(5)
    expect((await told())[0]).toEqual({
      kind: 'act',
      event: {
        type: 'NOTE',
        what: 'instructions were kept',
        details: { gradeScale: 'swedish_8_anchor' },
        by: expect.stringMatching(/\S/),
        reason: null,
      },
    })

    await keepInstructions(made, { assignment_id: 'a-2', grade_scale: 'eng5_np_national_9_step' })
    const course = await keepInstructions(made, { assignment_id: undefined, course_id: 'ENG5' })
    expect(course.json).toMatchObject({ assignment_id: null, course_id: 'ENG5' })
    const page = await made.call('GET', `${instructionsPath}?page=2&page_size=2`)
    expect(page.json).toMatchObject({ items: [{ course_id: 'ENG5' }], total: 3, page: 2, page_size: 2 })

    const anchor = { assignment_id: 'a-1', grade: 'B', essay_text: essay('b') }
    expect(await made.call('POST', '/api/v1/anchors/register', { body: anchor })).toMatchObject({ status: 201 })
    expect(await made.call('DELETE', `${instructionsPath}/assignment/a-1`)).toMatchObject({
      status: 200,
      json: { status: 'deleted', assignment_id: 'a-1' },
    })
    expect(await made.call('DELETE', `${instructionsPath}/course/ENG5`)).toMatchObject({ json: { status: 'deleted', course_id: 'ENG5' } })
    for (const [method, path] of [
      ['GET', `${instructionsPath}/assignment/a-1`],
      ['DELETE', `${instructionsPath}/assignment/a-1`],
      ['GET', '/admin/v1/anchors/assignment/a-1'],
      ['GET', '/admin/v1/student-prompts/assignment/a-1'],
    ] as const) {
      const answer = await made.call(method, path)
      expect([path, answer.status, answer.json]).toMatchObject([path, 404, { error: { code: 'unknown-assignment' } }])
    }
    await keepInstructions(made)
    expect((await made.call('GET', '/admin/v1/anchors/assignment/a-1')).json).toMatchObject({ anchor_count_total: 0 })
  })

  it('have a prompt and a rubric, each stored without the other', async () => {
    const made = await ready()
    const prompt = { assignment_id: 'a-1', prompt_text: 'Write about a journey.' }
    const rubric = { assignment_id: 'a-1', rubric_text: 'A better essay argues more clearly.' }
    const unknown = await made.call('POST', '/admin/v1/student-prompts', { body: prompt })
    expect(unknown).toMatchObject({ status: 404, json: { error: { code: 'unknown-assignment', field: 'assignment_id' } } })
    await keepInstructions(made)
    expect(await made.call('GET', '/admin/v1/judge-rubrics/assignment/a-1')).toMatchObject({
      status: 404,
      json: { error: { code: 'no-rubric', message: expect.stringContaining('POST /admin/v1/judge-rubrics') } },
    })
    const [stored, ruled] = await Promise.all([
      made.call('POST', '/admin/v1/student-prompts', { body: prompt }),
      made.call('POST', '/admin/v1/judge-rubrics', { body: rubric }),
    ])
    expect(stored).toMatchObject({
      status: 200,
      json: { ...prompt, student_prompt_storage_id: expect.stringMatching(/./), grade_scale: 'swedish_8_anchor' },
    })
    expect(ruled).toMatchObject({ status: 200, json: { ...rubric, judge_rubric_storage_id: expect.stringMatching(/./) } })
    expect((await made.call('POST', '/admin/v1/student-prompts', { body: prompt })).json).toEqual(stored.json)
    expect((await made.call('GET', '/admin/v1/student-prompts/assignment/a-1')).json).toEqual(stored.json)
    expect((await made.call('GET', '/admin/v1/judge-rubrics/assignment/a-1')).json).toEqual(ruled.json)
    expect((await made.call('GET', `${instructionsPath}/assignment/a-1`)).json).toMatchObject({
      student_prompt_storage_id: stored.json['student_prompt_storage_id'],
      judge_rubric_storage_id: ruled.json['judge_rubric_storage_id'],
    })
  })
})

describe('anchors', () => {
  it('are registered once a label, replaced by it, and counted by scale', async () => {
    const made = await ready()
    await keepInstructions(made)
    const register = (body: object) => made.call('POST', '/api/v1/anchors/register', { body: { assignment_id: 'a-1', ...body } })
    const first = await register({ grade: 'B', essay_text: essay('b') })
    expect(first).toMatchObject({
      status: 201,
      json: { anchor_id: expect.any(Number), storage_id: expect.any(String), grade_scale: 'swedish_8_anchor', status: 'registered' },
    })
    expect((await register({ grade: 'B', essay_text: essay('b') })).json).toEqual(first.json)
    const other = await register({ grade: 'B', anchor_label: 'B-2', essay_text: essay('another b') })
    expect(other.json['anchor_id']).not.toBe(first.json['anchor_id'])
    const replaced = await register({ grade: 'C', anchor_label: 'B-2', essay_text: essay('a c') })
    expect(replaced.json['anchor_id']).toBe(other.json['anchor_id'])
    await keepInstructions(made, { grade_scale: 'eng5_np_national_9_step' })
    expect(await register({ grade: 'B', essay_text: essay('b') })).toMatchObject({
      status: 400,
      json: { error: { field: 'grade', message: expect.stringContaining('use one of 1, 2, 3, 4, 5, 6, 7, 8, 9') } },
    })
    await register({ grade: '7', essay_text: essay('seven') })
    expect((await made.call('GET', '/admin/v1/anchors/assignment/a-1')).json).toMatchObject({
      assignment_id: 'a-1',
      grade_scale: 'eng5_np_national_9_step',
      anchor_count: 1,
      anchors: [{ assignment_id: 'a-1', anchor_label: '7', grade: '7', text_storage_id: expect.any(String) }],
      anchor_count_total: 3,
      anchor_count_by_scale: { swedish_8_anchor: 2, eng5_np_national_9_step: 1 },
    })
    await keepInstructions(made)
    expect((await made.call('GET', '/admin/v1/anchors/assignment/a-1')).json['anchors']).toMatchObject([
      { id: first.json['anchor_id'], anchor_label: 'B', grade: 'B' },
      { id: other.json['anchor_id'], anchor_label: 'B-2', grade: 'C', text_storage_id: replaced.json['storage_id'] },
    ])
  })

  it('are stored with the content service as plain text, the same text once; its refusal is told and registers nothing', async () => {
    const posted: { readonly type: string | undefined; readonly body: string }[] = []
    let status = 201
    await using server = await loopbackServer(({ method, headers, body }) => {
      if (method === 'POST') {
        posted.push({ type: headers['content-type'], body })
      }
      return { status, body: JSON.stringify({ storage_id: `stored-${posted.length}` }) }
    })
    const ports = { settings: batchSettings, clock: systemClock, random: systemRandom, logger: silentLogger }
    const made = await ready({ content: contentService({ ...ports, url: `${server.url}/content` }) })
    await keepInstructions(made)
    const body = { assignment_id: 'a-1', grade: 'A', essay_text: essay('å') }
    const answers = [
      await made.call('POST', '/api/v1/anchors/register', { body }),
      await made.call('POST', '/api/v1/anchors/register', { body }),
    ]
    expect(answers.map(({ json }) => json['storage_id'])).toEqual(['stored-1', 'stored-1'])
    expect(posted).toEqual([{ type: 'text/plain', body: essay('å') }])
    status = 507
    const refused = await made.call('POST', '/api/v1/anchors/register', { body: { ...body, grade: 'F' } })
    expect(refused).toMatchObject({
      status: 503,
      json: { error: { code: 'unavailable', message: expect.stringContaining('the content service answered the text with 507') } },
    })
    expect((await made.call('GET', '/admin/v1/anchors/assignment/a-1')).json['anchor_count']).toBe(1)
  })
})

describe('what cannot be kept', () => {
  it('is refused with the field and the remedy', async () => {
    const made = await ready()
    await keepInstructions(made)
    const text = 'Judge the argument.'
    const anchor = { assignment_id: 'a-1', grade: 'A', essay_text: essay('a') }
    const wrong: [string, object, string, string][] = [
      [instructionsPath, { instructions_text: text }, 'assignment_id', 'exactly one'],
      [instructionsPath, { assignment_id: 'a', course_id: 'c', instructions_text: text }, 'assignment_id', 'exactly one'],
      [instructionsPath, { assignment_id: 'a', instructions_text: ' too short ' }, 'instructions_text', 'at least 10'],
      [instructionsPath, { assignment_id: 'a', instructions_text: text, grade_scale: 'x' }, 'grade_scale', 'use one of swedish_8_anchor'],
      [instructionsPath, { assignment_id: 'a', instructions_text: text, context_origin: 'x' }, 'context_origin', 'canonical_national'],
      [instructionsPath, { assignment_id: 'a'.repeat(101), instructions_text: text }, 'assignment_id', 'at most 100'],
      [instructionsPath, { assignment_id: 'a\u0000', instructions_text: text }, 'assignment_id', 'U+0000'],
      [
        instructionsPath,
        { assignment_id: 'a', instructions_text: text, student_prompt_storage_id: 's'.repeat(256) },
        'student_prompt_storage_id',
        'at most 255',
      ],
      ['/admin/v1/student-prompts', { assignment_id: 'a-1', prompt_text: 'short' }, 'prompt_text', 'at least 10'],
      ['/admin/v1/judge-rubrics', { assignment_id: 'a-1' }, 'rubric_text', ''],
      ['/api/v1/anchors/register', { ...anchor, essay_text: 'x'.repeat(99) }, 'essay_text', 'at least 100'],
      ['/api/v1/anchors/register', { ...anchor, essay_text: 7 }, 'essay_text', ''],
      ['/api/v1/anchors/register', { ...anchor, grade: 'A+' }, 'grade', 'use one of F, E, D, D+, C, C+, B, A'],
      ['/api/v1/anchors/register', { ...anchor, assignment_id: undefined }, 'assignment_id', ''],
    ]
    for (const [path, body, field, remedy] of wrong) {
      const answer = await made.call('POST', path, { body })
      expect([path, field, answer.status, answer.json]).toMatchObject([
        path,
        field,
        400,
        { error: { field, message: expect.stringContaining(remedy) } },
      ])
    }
    expect(await made.call('GET', `${instructionsPath}?page_size=201`)).toMatchObject({
      status: 400,
      json: { error: { field: 'page_size' } },
    })
    expect(await made.call('POST', '/api/v1/anchors/register', { body: { ...anchor, assignment_id: 'none' } })).toMatchObject({
      status: 404,
      json: { error: { code: 'unknown-assignment', field: 'assignment_id' } },
    })
    expect((await made.call('GET', instructionsPath)).json).toMatchObject({ total: 1 })
    expect((await made.call('GET', '/admin/v1/anchors/assignment/a-1')).json).toMatchObject({ anchor_count_total: 0 })
  })

  it('a text with U+0000 or half a character is repaired, as everywhere', async () => {
    const made = await ready()
    const kept = await keepInstructions(made, { instructions_text: 'Judge the\u0000 argument\ud800.' })
    expect(kept.status).toBe(200)
    expect(String(kept.json['instructions_text']).isWellFormed()).toBe(true)
    expect(kept.json['instructions_text']).not.toContain('\u0000')
  })
})

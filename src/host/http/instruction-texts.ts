import type { TextUse } from '../../batch/assignments/instructions.ts'
import { type InstructionText, keepText, readText } from '../../batch/assignments/instruction-text.ts'
import { type Api, type ApiParts, errorAnswers, whileUp } from './api.ts'
import { ApiError } from './api-error.ts'
import { promptBody, promptRecord, rubricBody, rubricRecord, subjectParams } from './assignment-schemas.ts'
import { assignmentOf, unknownSubject } from './assignments.ts'
import { isoTime } from './batch-view.ts'
import { journalled, storing } from './storing.ts'

const tags = ['assignments']

/** The prompt of the students and the rubric of the judges, whose texts lie with the content service (domain 4.11). */
export function instructionTexts(app: Api, parts: ApiParts): void {
  app.post(
    '/admin/v1/student-prompts',
    {
      schema: {
        tags,
        summary: 'Store the prompt of an assignment, or replace it',
        body: promptBody,
        response: { ...errorAnswers, 200: promptRecord },
      },
    },
    async ({ body: { assignment_id: id, prompt_text: text }, actor }) =>
      promptOf(id, await keep({ id, use: 'prompt', text, actor }, parts)),
  )
  app.get(
    '/admin/v1/student-prompts/assignment/:id',
    { schema: { tags, summary: 'The prompt of an assignment', params: subjectParams, response: { ...errorAnswers, 200: promptRecord } } },
    async ({ params: { id } }) => promptOf(id, await read(id, 'prompt', parts)),
  )
  app.post(
    '/admin/v1/judge-rubrics',
    {
      schema: {
        tags,
        summary: 'Store the rubric of an assignment, or replace it',
        body: rubricBody,
        response: { ...errorAnswers, 200: rubricRecord },
      },
    },
    async ({ body: { assignment_id: id, rubric_text: text }, actor }) =>
      rubricOf(id, await keep({ id, use: 'rubric', text, actor }, parts)),
  )
  app.get(
    '/admin/v1/judge-rubrics/assignment/:id',
    { schema: { tags, summary: 'The rubric of an assignment', params: subjectParams, response: { ...errorAnswers, 200: rubricRecord } } },
    async ({ params: { id } }) => rubricOf(id, await read(id, 'rubric', parts)),
  )
}

interface Handed {
  readonly id: string
  readonly use: TextUse
  readonly text: string
  readonly actor: string
}

async function keep({ id, use, text, actor }: Handed, parts: ApiParts): Promise<InstructionText> {
  const kept = await whileUp(parts, () => keepText(id, use, text, storing(parts)))
  if (kept === undefined) {
    throw unknownSubject({ kind: 'assignment', id })
  }
  await journalled({ kind: 'assignment', id }, `its ${use} was kept`, { storageId: kept.storageId }, actor, parts)
  return kept
}

async function read(id: string, use: TextUse, parts: ApiParts): Promise<InstructionText> {
  const found = await whileUp(parts, () => readText(id, use, storing(parts)))
  if (found === undefined) {
    await whileUp(parts, () => assignmentOf(id, parts))
    const calls = { prompt: 'POST /admin/v1/student-prompts', rubric: 'POST /admin/v1/judge-rubrics' }
    throw new ApiError(404, `no-${use}`, `the assignment '${id}' has no ${use}; store one with ${calls[use]}`)
  }
  return found
}

function shared(id: string, { instructions, createdAt }: InstructionText) {
  const { text: instructions_text, gradeScale: grade_scale } = instructions
  return { assignment_id: id, instructions_text, grade_scale, created_at: isoTime(createdAt) }
}

function promptOf(id: string, found: InstructionText) {
  return { ...shared(id, found), student_prompt_storage_id: found.storageId, prompt_text: found.text }
}

function rubricOf(id: string, found: InstructionText) {
  return { ...shared(id, found), judge_rubric_storage_id: found.storageId, rubric_text: found.text }
}

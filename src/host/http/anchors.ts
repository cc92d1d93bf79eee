import type { z } from 'zod'
import { type Anchor, anchorsOf, mostAnchors, registerAnchor } from '../../batch/assignments/anchors.ts'
import { gradeScale } from '../../judging/grading/scales.ts'
import { type Api, type ApiParts, errorAnswers, whileUp } from './api.ts'
import { ApiError } from './api-error.ts'
import { anchorBody, anchorList, registeredAnchor, subjectParams } from './assignment-schemas.ts'
import { assignmentOf } from './assignments.ts'
import { isoTime } from './batch-view.ts'
import { journalled, storing } from './storing.ts'

const tags = ['assignments']

/** Anchors: texts of known grade that batches of their assignment compare with the students' essays (domain 4.11). */
export function anchors(app: Api, parts: ApiParts): void {
  app.post(
    '/api/v1/anchors/register',
    {
      schema: {
        tags,
        summary: 'Register a text of known grade, or replace the one with its label',
        body: anchorBody,
        response: { ...errorAnswers, 201: registeredAnchor },
      },
    },
    async (request, reply) => {
      const { id, storageId, gradeScale: scale, label, assignmentId } = await whileUp(parts, () => register(request.body, parts))
      const details = { anchor: id, label, storageId }
      await journalled({ kind: 'assignment', id: assignmentId }, 'an anchor was registered', details, request.actor, parts)
      return reply.code(201).send({ anchor_id: id, storage_id: storageId, grade_scale: scale, status: 'registered' as const })
    },
  )
  app.get(
    '/admin/v1/anchors/assignment/:id',
    { schema: { tags, summary: 'Those of an assignment', params: subjectParams, response: { ...errorAnswers, 200: anchorList } } },
    ({ params: { id } }) => whileUp(parts, () => listOf(id, parts)),
  )
}

async function register(body: z.output<typeof anchorBody>, parts: ApiParts): Promise<Anchor> {
  const { assignment_id: assignmentId, grade, anchor_label: label, essay_text: text } = body
  const { gradeScale: scale } = await assignmentOf(assignmentId, parts)
  const { grades } = gradeScale(scale)
  if (!grades.includes(grade)) {
    throw new ApiError(400, 'invalid-request', `grade: '${grade}' is no grade of ${scale}; use one of ${grades.join(', ')}`, 'grade')
  }
  const anchor = await registerAnchor({ assignmentId, label: label ?? grade, grade, gradeScale: scale, text }, storing(parts))
  if (anchor === undefined) {
    const why = `the assignment '${assignmentId}' has ${mostAnchors} anchors of ${scale}, the most there may be; replace one by its anchor_label`
    throw new ApiError(409, 'too-many-anchors', why)
  }
  return anchor
}

async function listOf(id: string, parts: ApiParts): Promise<z.output<typeof anchorList>> {
  const { gradeScale: scale } = await assignmentOf(id, parts)
  const all = await anchorsOf(parts.quire.rows, id)
  const used = all.filter((anchor) => anchor.gradeScale === scale)
  const scales = [...new Set(all.map((anchor) => anchor.gradeScale))]
  return {
    assignment_id: id,
    grade_scale: scale,
    anchor_count: used.length,
    anchors: used.map(recordOf),
    anchor_count_total: all.length,
    anchor_count_by_scale: Object.fromEntries(scales.map((each) => [each, all.filter((anchor) => anchor.gradeScale === each).length])),
  }
}

function recordOf({ id, assignmentId, label, grade, gradeScale: scale, storageId, createdAt }: Anchor) {
  return {
    id,
    assignment_id: assignmentId,
    anchor_label: label,
    grade,
    grade_scale: scale,
    text_storage_id: storageId,
    created_at: isoTime(createdAt),
  }
}

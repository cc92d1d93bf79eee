import { createHash } from 'node:crypto'
import type { BatchContext, BatchEvent } from '../../machines/batch.machine.ts'

/** The assignment was found, or the request does not fit it. Its anchors follow the students' essays. */
export function recordAssignment(context: BatchContext, event: BatchEvent): Partial<BatchContext> {
  if (event.type === 'ASSIGNMENT_FAILED') {
    const { code = 'assignment_not_read', message } = event.error
    return { assignment: 'taken', assignmentProblem: { code, message }, lastActivityAt: event.at, trigger: 'task' }
  }
  if (event.type !== 'ASSIGNMENT_FOUND') {
    return {}
  }
  const { anchors, ...brought } = event.output
  return {
    assignment: 'taken',
    assigned: { ...brought, anchors: anchors.map(({ id, storageId, grade }) => [itemId(id, context), storageId, grade]) },
    content: context.content + 'p'.repeat(anchors.length),
    lastActivityAt: event.at,
  }
}

/** `ANCHOR_<id>_<8 hex digits>` (domain 1), with more digits should an essay of the request have that name. */
function itemId(anchor: number, { bosBatchId, essays }: BatchContext): string {
  const digest = createHash('sha256').update(`${bosBatchId} ${anchor}`).digest('hex')
  const taken = new Set(essays.map(([id]) => id))
  let length = 8
  while (taken.has(`ANCHOR_${anchor}_${digest.slice(0, length)}`)) {
    length += 1
  }
  return `ANCHOR_${anchor}_${digest.slice(0, length)}`
}

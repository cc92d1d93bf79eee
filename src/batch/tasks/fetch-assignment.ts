import type { FoundAssignment } from '../../machines/batch.machine.ts'
import type { StoredRow, TaskDefinition, TaskScope } from '../../runtime/define-actor.ts'
import { anchorOf } from '../assignments/anchors.ts'
import { AssignmentRefused, assertFits } from '../assignments/fits.ts'
import { findInstructions, type Instructions } from '../assignments/instructions.ts'
import { anchors, briefs } from '../tables.ts'

/**
 * Reads what the batch's assignment brings, as it stands now; its instructions, prompt and rubric go into the batch's brief by
 * the same commit, so that later changes reach later batches alone.
 */
export function fetchAssignmentTask(): TaskDefinition {
  return {
    done: 'ASSIGNMENT_FOUND',
    failed: 'ASSIGNMENT_FAILED',
    attempts: 10,
    isPermanent: (error) => error instanceof AssignmentRefused,
    async run({ assignmentId }: { readonly assignmentId: string }, scope: TaskScope) {
      const rows = { one: scope.readRow, list: scope.readRows }
      const found = await findInstructions(rows, { kind: 'assignment', id: assignmentId })
      const brief = await scope.readRow(briefs.name, { address: scope.address })
      const fitting = assertFits(assignmentId, found, hasOwnRubric(brief))
      const ofScale = { assignment_id: assignmentId, grade_scale: fitting.gradeScale }
      const stored = (await scope.readRows(anchors.name, ofScale)).map(anchorOf)
      const output: FoundAssignment = {
        gradeScale: fitting.gradeScale,
        promptStorageId: fitting.promptStorageId,
        rubricStorageId: hasOwnRubric(brief) ? null : fitting.rubricStorageId,
        anchors: stored.map(({ id, storageId, grade }) => ({ id, storageId, grade })),
      }
      return { output, rows: [briefWith(fitting, output, brief, scope.address)] }
    },
  }
}

function hasOwnRubric(brief: StoredRow | undefined): boolean {
  return Reflect.get(Object(JSON.parse(String(brief?.['overrides'] ?? '{}'))), 'judgeRubric') !== undefined
}

function briefWith({ text }: Instructions, { promptStorageId, rubricStorageId }: FoundAssignment, brief: StoredRow = {}, address: string) {
  const { address: _, ...values } = brief
  const brought = { instructions: text, prompt_storage_id: promptStorageId, rubric_storage_id: rubricStorageId }
  return { table: briefs.name, key: { address }, values: { ...values, ...brought } }
}

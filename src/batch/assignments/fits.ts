import type { Instructions } from './instructions.ts'

/** A request that does not fit its assignment; `code` is the reason on the wire, `field` the request's. */
export class AssignmentRefused extends Error {
  readonly code: 'unknown_assignment' | 'rubric_override_refused'
  readonly field: string
  constructor(code: AssignmentRefused['code'], field: string, message: string) {
    super(message)
    this.name = 'AssignmentRefused'
    this.code = code
    this.field = field
  }
}

/**
 * The assignment, if a request may name it (domain 4.4).
 * @throws AssignmentRefused when it is unknown, or its rubric is the nation's and the request brings another
 */
export function assertFits(assignmentId: string, found: Instructions | undefined, hasOwnRubric: boolean): Instructions {
  if (found === undefined) {
    throw new AssignmentRefused(
      'unknown_assignment',
      'assignment_id',
      `unknown assignment '${assignmentId}'; register it with POST /admin/v1/assessment-instructions`,
    )
  }
  if (hasOwnRubric && found.contextOrigin === 'canonical_national') {
    throw new AssignmentRefused(
      'rubric_override_refused',
      'llm_config_overrides.judge_rubric_override',
      `assignment '${assignmentId}' is canonical_national, whose rubric a request may not replace; leave the override out`,
    )
  }
  return found
}

import { forceVerdict } from '../../judging/force.ts'
import type { BatchContext, BatchEnd, EndCause, Trigger } from '../../machines/batch.machine.ts'
import { netOf } from '../net.ts'

/** The end of a batch, by its cause. A forced end is kept through the scoring that follows it (rules 46, 61). */
export function endOf(context: BatchContext, cause: EndCause): BatchEnd | null {
  const failure = (
    status: BatchEnd['status'],
    errorCode: string,
    code: string,
    reason: string,
    trigger: Trigger = context.trigger,
  ): BatchEnd => ({
    status,
    code,
    reason,
    trigger,
    errorCode,
  })
  switch (cause) {
    case 'essays':
      return context.essays.length === 0
        ? failure('ERROR_ESSAY_PROCESSING', 'VALIDATION_ERROR', 'no_essays', 'the request names no essay')
        : failure(
            'ERROR_ESSAY_PROCESSING',
            'CONTENT_SERVICE_ERROR',
            'essays_not_prepared',
            context.contentProblem ?? 'no essay has a usable text',
          )
    case 'assignment':
      return assignmentFailure(context)
    case 'late':
      return failure(
        'ERROR_ESSAY_PROCESSING',
        'TIMEOUT',
        'stuck_timeout_insufficient_progress',
        'the texts did not come in time',
        recoveryTrigger(context),
      )
    case 'single':
      return finish('COMPLETE_INSUFFICIENT_ESSAYS', 'one_essay', 'one essay needs no comparison', 'task')
    case 'cancelled':
      return failure('CANCELLED', 'PROCESSING_ERROR', 'cancelled', 'an operator cancelled the batch', 'operator')
    case 'unbudgeted':
      return failure('ERROR_PROCESSING', 'PROCESSING_ERROR', 'no_budget', noBudget(context))
    case 'broken':
      return failure('ERROR_PROCESSING', 'PROCESSING_ERROR', 'pairs_not_chosen', 'the pairs could not be chosen', 'task')
    case 'forced':
      return finish('COMPLETE_FORCED_RECOVERY', 'forced', forcedReason(context), 'operator')
    case 'recovered':
      return finish('COMPLETE_FORCED_RECOVERY', 'recovered', forcedReason(context), recoveryTrigger(context))
    case 'stuck':
      return failure('ERROR_PROCESSING', 'TIMEOUT', 'stuck_timeout_insufficient_progress', forcedReason(context), recoveryTrigger(context))
    case 'unscored':
      return failure('ERROR_PROCESSING', 'CJ_SCORE_CONVERGENCE_FAILED', 'not_scored', 'the scores did not converge', context.end?.trigger)
    case 'scored':
      return context.end ?? decidedFinish(context)
    case 'decided':
      return decidedFailure(context)
  }
}

function noBudget({ policy }: BatchContext): string {
  return `total_budget is ${String(policy.totalBudget)}; whoever made this batch must give a number of comparisons, at least 1`
}

/** A request that does not fit its assignment is a wrong one; that it could not be read is not its fault. */
function assignmentFailure({ assignmentProblem, trigger }: BatchContext): BatchEnd {
  const { code, message } = assignmentProblem ?? { code: 'assignment_not_read', message: 'the assignment could not be read' }
  const isWrong = code === 'unknown_assignment' || code === 'rubric_override_refused'
  const errorCode = isWrong ? 'VALIDATION_ERROR' : 'PROCESSING_ERROR'
  return { status: 'ERROR_PROCESSING', code: isWrong ? code : 'assignment_not_read', reason: message, trigger, errorCode }
}

function finish(status: BatchEnd['status'], code: string, reason: string, trigger: Trigger): BatchEnd {
  return { status, code, reason, trigger, errorCode: null }
}

function decidedFinish({ decision, trigger }: BatchContext): BatchEnd {
  return finish(decision?.status ?? 'COMPLETE_MAX_COMPARISONS', decision?.code ?? 'cap_reached', decision?.reason ?? '', trigger)
}

function decidedFailure(context: BatchContext): BatchEnd {
  const { decision, trigger } = context
  if (decision === null) {
    return {
      status: 'ERROR_PROCESSING',
      code: 'not_scored',
      reason: 'the scores could not be fitted',
      trigger,
      errorCode: 'CJ_SCORE_CONVERGENCE_FAILED',
    }
  }
  const errorCode = context.everAccepted ? 'CJ_INSUFFICIENT_COMPARISONS' : 'CONNECTION_ERROR'
  return { status: 'ERROR_PROCESSING', code: decision.code, reason: decision.reason, trigger, errorCode }
}

function recoveryTrigger(context: BatchContext): Trigger {
  return context.trigger === 'monitor' ? 'monitor' : 'recovery'
}

function forcedReason(context: BatchContext): string {
  return forceVerdict(netOf(context), context.policy).reason
}

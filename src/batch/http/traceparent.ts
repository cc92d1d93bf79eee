import { createHash } from 'node:crypto'
import type { ComparisonRequest, JudgeScope } from '../judge.ts'

/**
 * The W3C trace context of a submission: that of the batch's request where it brought one. Else all calls for one batch share a
 * trace and each has a span of its own, both functions of the ids, so that a repeated call is found under the same span.
 */
export function traceparentFor({ batchId, id }: ComparisonRequest, { traceparent }: Pick<JudgeScope, 'traceparent'>): string {
  return traceparent ?? `00-${hex(batchId, 32)}-${hex(id, 16)}-01`
}

/** Never all zeros, which the standard forbids: so no digest begins in practice. */
function hex(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits)
}

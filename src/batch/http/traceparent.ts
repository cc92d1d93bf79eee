import { createHash } from 'node:crypto'

/**
 * A W3C traceparent: all calls for one batch share a trace, each has a span of its own. Both are functions of the ids, so
 * that a repeated call is found under the same span.
 */
export function traceparent(batchId: string, callId: string): string {
  return `00-${hex(batchId, 32)}-${hex(callId, 16)}-01`
}

/** Never all zeros, which the standard forbids: so no digest begins in practice. */
function hex(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits)
}

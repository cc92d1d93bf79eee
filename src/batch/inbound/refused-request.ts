import { repairStrings } from '../../runtime/strict-json.ts'
import { type OutboundMessage, refusedEvent } from '../outbound.ts'
import { type Complaint, sentenceOf } from '../wire/complaint.ts'

/** A request no batch is made of, with the event that answers it (rules 58). */
export interface RefusedRequest {
  readonly kind: 'refused'
  readonly address: string
  readonly id: string
  readonly cause: 'VALIDATION_ERROR'
  readonly message: string
  readonly field: string
  /** The request as it came. */
  readonly body: string
  readonly outputs: readonly OutboundMessage[]
}

/** What a refusal tells and keeps of a request. `text` is the request as it came, `id` its message's. */
export interface KnownRequest {
  readonly text: string
  readonly address: string
  readonly id: string
  readonly batchId: string
  readonly correlationId: string
  readonly at: number
}

/** The end of the year 9999: later times have no ISO-8601 form of four digits. */
const latestTime = 253_402_300_799_999

export function refusedRequest({ text, id, ...request }: KnownRequest, complaint: Complaint): RefusedRequest {
  const message = repairStrings(`${sentenceOf(complaint)}; correct it and send the request again`)
  const field = repairStrings(complaint.field)
  const at = request.at >= 0 && request.at <= latestTime ? Math.trunc(request.at) : 0
  const output = refusedEvent({ ...request, at, messageId: id, field, message })
  return { kind: 'refused', address: request.address, id, cause: 'VALIDATION_ERROR', message, field, body: text, outputs: [output] }
}

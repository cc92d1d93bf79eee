import type { VerdictEvent } from '../../machines/batch.machine.ts'
import { withTrace } from '../../runtime/tracing.ts'
import { parseComparisonId } from '../comparison-id.ts'
import { malformedVerdict, verdict } from '../verdict.ts'
import { callbackData } from '../wire/callback.ts'
import { complaintOf, sentenceOf } from '../wire/complaint.ts'
import { momentOf } from '../wire/formats.ts'
import { envelopeOf, type MessageOrigin, messageId, noMessageId, parsed, type Undecodable, undecodable } from './record.ts'

/** A verdict for the batch whose address has this hash (rules 2): 14 hex digits. */
export interface DecodedVerdict {
  readonly kind: 'message'
  readonly hash: string
  readonly id: string
  readonly messageKind: 'event'
  readonly body: VerdictEvent
  /** Of the envelope's metadata. */
  readonly traceparent?: string
}

/**
 * Reads a record of the callback topic. The comparison is named by the data's correlation_id, or by the envelope's where the data
 * has none; a malformed callback that names one is an error outcome INVALID_RESPONSE, or its wave would wait until the deadline
 * (domain 14). Texts are left as they came: the runtime makes them storable and says so in the journal. Never throws.
 */
export function decodeCallback(text: string, origin: MessageOrigin | undefined): DecodedVerdict | ForeignCallback | Undecodable {
  const json = parsed(text)
  if (!('value' in json)) {
    return json
  }
  const data = fieldOf(json.value, 'data')
  const comparison = comparisonIn(data) ?? (uuidIn(data, 'correlation_id') === undefined ? comparisonIn(json.value) : undefined)
  if (comparison === undefined) {
    return unjoined(json.value, data)
  }
  const id = messageId(uuidIn(json.value, 'event_id'), origin)
  if (id === undefined) {
    return noMessageId
  }
  const decoded = { kind: 'message', hash: comparison.hash, id, messageKind: 'event', body: outcomeOf(comparison.id, json.value) } as const
  return withTrace(decoded, fieldOf(fieldOf(json.value, 'metadata'), 'traceparent'))
}

function outcomeOf(comparison: string, value: unknown): VerdictEvent {
  const envelope = envelopeOf(value)
  if ('complaint' in envelope) {
    return malformedVerdict(comparison, `envelope: ${sentenceOf(envelope.complaint)}`)
  }
  const callback = callbackData.safeParse(envelope.envelope.data)
  return callback.success
    ? sentAt(verdict(comparison, callback.data), envelope.envelope.event_timestamp)
    : malformedVerdict(comparison, sentenceOf(complaintOf(callback.error)))
}

/** When its sender says it was sent, for the latency. */
function sentAt(event: VerdictEvent, timestamp: string | null | undefined): VerdictEvent {
  const at = timestamp == null ? undefined : momentOf(timestamp)
  return at === undefined ? event : { ...event, details: { ...event.details, sentAt: Math.trunc(at) } }
}

/** A good callback of a comparison that is none of ours: the topic is shared. It is counted and logged, nothing else (domain 14). */
export interface ForeignCallback {
  readonly kind: 'ignored'
  readonly cause: 'CJ_CALLBACK_CORRELATION_FAILED'
  readonly message: string
  readonly field: string
}

/** What is no callback at all is a dead letter. */
function unjoined(value: unknown, data: unknown): ForeignCallback | Undecodable {
  const envelope = envelopeOf(value)
  if ('complaint' in envelope) {
    return undecodable(
      'envelope-invalid',
      `the envelope is not valid: ${sentenceOf(envelope.complaint)}; nothing can be joined by it`,
      envelope.complaint.field,
    )
  }
  const callback = callbackData.safeParse(data)
  if (callback.success) {
    const message = 'correlation_id: is no comparison of a batch of this service; echo the id the post carried'
    return { kind: 'ignored', cause: 'CJ_CALLBACK_CORRELATION_FAILED', message, field: 'data.correlation_id' }
  }
  const complaint = complaintOf(callback.error)
  return undecodable(
    'callback-invalid',
    `data is not valid: ${sentenceOf(complaint)}; nothing can be joined by it`,
    `data.${complaint.field}`,
  )
}

/** The comparison an object's correlation_id names. */
function comparisonIn(object: unknown): { readonly id: string; readonly hash: string } | undefined {
  const id = uuidIn(object, 'correlation_id')
  const place = id === undefined ? undefined : parseComparisonId(id)
  return id === undefined || place === undefined ? undefined : { id, hash: place.hash }
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** A field that holds a UUID, also of an object that has other faults. */
function uuidIn(object: unknown, field: string): string | undefined {
  const value = fieldOf(object, field)
  return typeof value === 'string' && uuid.test(value) ? value : undefined
}

function fieldOf(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null && Object.hasOwn(object, name) ? Reflect.get(object, name) : undefined
}

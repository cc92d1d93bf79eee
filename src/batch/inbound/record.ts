import { type Complaint, complaintOf, sentenceOf } from '../wire/complaint.ts'
import { type InboundEnvelope, inboundEnvelope } from '../wire/envelope.ts'
import { type RecordOrigin, recordId } from '../wire-ids.ts'

/** Where a message came from: a record of a topic, or a call with the key its sender gave it. */
export type MessageOrigin = RecordOrigin | { readonly idempotencyKey: string }

/** Why a message can be joined with nothing: a dead letter, or 400. Names the field and the remedy. */
export interface Undecodable {
  readonly kind: 'undecodable'
  readonly cause: 'not-json' | 'envelope-invalid' | 'message-id-missing' | 'entity-id-missing' | 'callback-invalid'
  readonly message: string
  /** What is wrong, where one field is. */
  readonly field?: string
}

export function undecodable(cause: Undecodable['cause'], message: string, field = ''): Undecodable {
  return { kind: 'undecodable', cause, message, ...(field === '' ? {} : { field }) }
}

/** The text as JSON, or why it is none. */
export function parsed(text: string): { readonly value: unknown } | Undecodable {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undecodable('not-json', 'the message is not JSON; send one envelope as UTF-8 JSON')
  }
}

/** The envelope, with its data still unread, or what is wrong with it. */
export function envelopeOf(value: unknown): { readonly envelope: InboundEnvelope } | { readonly complaint: Complaint } {
  const result = inboundEnvelope.safeParse(value)
  return result.success ? { envelope: result.data } : { complaint: complaintOf(result.error) }
}

export function invalidEnvelope(complaint: Complaint): Undecodable {
  const message = `the envelope is not valid: ${sentenceOf(complaint)}; correct it and send the message again`
  return undecodable('envelope-invalid', message, complaint.field)
}

/**
 * Id of the message: the envelope's, else a function of the record's place, else the sender's key. Never a generated one, or the
 * same message read again would be another (rules 7, 16).
 */
export function messageId(eventId: string | null | undefined, origin: MessageOrigin | undefined): string | undefined {
  if (eventId != null) {
    return eventId.toLowerCase()
  }
  if (origin === undefined) {
    return undefined
  }
  return 'topic' in origin ? recordId(origin) : usable(origin.idempotencyKey)
}

/** A key is kept as it came; one no mailbox takes is no key. */
function usable(key: string): string | undefined {
  return key !== '' && key.length <= 256 && key.isWellFormed() && !key.includes('\u0000') ? key : undefined
}

export const noMessageId: Undecodable = undecodable(
  'message-id-missing',
  'event_id is missing; give the envelope an event_id, or the call an Idempotency-Key of at most 256 characters',
  'event_id',
)

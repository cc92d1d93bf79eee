import { v5 as uuid5 } from 'uuid'

const namespace = 'b8a0f1a2-6d2c-5b3e-9d1f-2f6f0c4f7a11'

/** Where a record was read. `timestamp`, ms, is the record's own. */
export interface RecordOrigin {
  readonly topic: string
  readonly partition: number
  readonly offset: number | string
  readonly timestamp?: number
}

/** The batch's own id on the wire: a function of its address (rules 1). */
export function cjBatchId(address: string): string {
  return uuid5(address, namespace)
}

/**
 * Id of an outbound event: a function of batch and kind, so that a second publication carries the same id; of an answer to one
 * message, of that message too (rules 7).
 */
export function eventId(address: string, kind: string, messageId?: string): string {
  return uuid5(messageId === undefined ? `${address} ${kind}` : `${address} ${kind} ${messageId}`, namespace)
}

/** Id of a record whose envelope has none: never a generated one, or a second reading would be a second message (rules 7). */
export function recordId({ topic, partition, offset }: RecordOrigin): string {
  return uuid5(`${topic}/${partition}/${offset}`, namespace)
}

/** Of any version, as requests are read: what came in goes out (domain 4.10). */
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** A correlation id as the wire wants it. A caller's own text becomes the UUID that is its function. */
export function correlationUuid(text: string): string {
  const lower = text.toLowerCase()
  return uuid.test(lower) ? lower : uuid5(`correlation ${text}`, namespace)
}

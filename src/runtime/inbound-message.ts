import type { Decoded, DecodedMessage, InboundDecoder, InboundText, RowReads } from './define-actor.ts'
import { messageOf as causeOf } from './errors.ts'
import { type Address, hashAddress, type Message } from './message.ts'
import type { InboundRecord } from './ports.ts'
import type { InboundReader } from './registry.ts'
import { messageFor } from './senders.ts'
import { withTrace } from './tracing.ts'
import type { Refusal } from './turn.ts'

/** Of a record that cannot be used, this much of its text is kept, characters; the record itself stays in its topic. */
const mostKept = 200_000

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The address under which records of a topic that nobody can be addressed with become dead letters. */
export function inboundAddress(topic: string): Address {
  return `inbound/${topic}`
}

/** Where a record lies in the outside: the id of what it becomes when it has none of its own. */
export function placeOf({ topic, partition, offset }: Pick<InboundRecord, 'topic' | 'partition' | 'offset'>): string {
  return `${topic}/${partition}/${offset}`
}

/** What a record of the outside comes to: a message for an actor, one that writes a dead letter, or nothing. */
export type Read =
  | { readonly kind: 'message' | 'undecodable'; readonly message: Message }
  | { readonly kind: 'ignored'; readonly cause: string; readonly why: string }

export interface ReadParts {
  readonly rows: RowReads
  readonly maxMessageBytes: number
}

/** Decodes a record and asks its actor type whether it may come in. @throws what reading the database throws */
export async function readRecord(record: InboundRecord, reader: InboundReader, parts: ReadParts): Promise<Read> {
  const { text, decoded } = await decode(record, reader, parts)
  if (decoded.kind === 'ignored') {
    return { kind: 'ignored', cause: decoded.cause, why: decoded.message }
  }
  if (decoded.kind !== 'message') {
    return { kind: decoded.kind === 'refused' ? 'message' : 'undecodable', message: deadLetterOf(record, decoded, text) }
  }
  try {
    return { kind: 'message', message: messageOf(decoded, record, reader, parts.maxMessageBytes) }
  } catch (error) {
    const undecodable = { kind: 'undecodable', cause: 'invalid-message', message: causeOf(error) } as const
    return { kind: 'undecodable', message: deadLetterOf(record, undecodable, text) }
  }
}

function messageOf(decoded: DecodedMessage, record: InboundRecord, { type }: InboundReader, maxBytes: number): Message {
  const address = 'address' in decoded.to ? decoded.to.address : hashAddress(type, decoded.to.hash)
  return withTrace(messageFor(address, decoded.messageKind, decoded.body, decoded.id, maxBytes), record.traceparent ?? decoded.traceparent)
}

async function decode(
  record: InboundRecord,
  { admit, decode: decoder }: InboundReader,
  { maxMessageBytes: maxBodyBytes, rows }: ReadParts,
): Promise<{ readonly text: string; readonly decoded: Decoded }> {
  if (record.value === null) {
    return { text: '', decoded: { kind: 'undecodable', cause: 'empty-record', message: 'the record has no value; send a JSON envelope' } }
  }
  let text: string
  try {
    text = utf8.decode(record.value)
  } catch {
    const kept = Buffer.from(record.value).toString('base64')
    return {
      text: kept,
      decoded: { kind: 'undecodable', cause: 'invalid-utf8', message: 'the record is not UTF-8; its bytes stand here in base64' },
    }
  }
  const { topic, partition, offset, timestamp } = record
  const inbound = { topic, partition, offset, timestamp, text, maxBodyBytes }
  const decoded = decodedBy(decoder, inbound)
  return { text, decoded: decoded.kind === 'message' && admit !== undefined ? await admit(decoded, inbound, rows) : decoded }
}

function decodedBy(decoder: InboundDecoder, inbound: InboundText): Decoded {
  try {
    return decoder(inbound)
  } catch (error) {
    return { kind: 'undecodable', cause: 'decoder-failed', message: causeOf(error) }
  }
}

/** The turn of this message writes the dead letter and its answers (rules 58). */
function deadLetterOf(record: InboundRecord, decoded: Exclude<Decoded, DecodedMessage>, text: string): Message {
  const place = placeOf(record)
  const refusal: Refusal = {
    cause: decoded.cause,
    message: `${decoded.message} (topic ${record.topic}, partition ${record.partition}, offset ${record.offset})`,
    body: text.slice(0, mostKept),
    outputs:
      decoded.kind === 'refused'
        ? decoded.outputs.map(({ id, topic, key, payload }) => ({ id, target: topic, key, payload: JSON.stringify(payload) }))
        : [],
  }
  const to =
    decoded.kind === 'refused' ? { address: decoded.address, id: decoded.id } : { address: inboundAddress(record.topic), id: place }
  return withTrace({ ...to, kind: 'refused' as const, body: JSON.stringify(refusal) }, record.traceparent)
}

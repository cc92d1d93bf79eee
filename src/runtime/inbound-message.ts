import type { Decoded, InboundDecoder } from './define-actor.ts'
import { messageOf } from './errors.ts'
import { type Address, hashAddress, type Message } from './message.ts'
import type { InboundRecord } from './ports.ts'
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

/** The message a record of the outside becomes: for an actor, or one that writes a dead letter. Never throws. */
export function inboundMessage(
  record: InboundRecord,
  reader: { readonly type: string; readonly decode: InboundDecoder },
  maxBytes: number,
): { readonly message: Message; readonly undecodable: boolean } {
  const { text, decoded } = decode(record, reader.decode)
  try {
    if (decoded.kind === 'message') {
      const address = 'address' in decoded.to ? decoded.to.address : hashAddress(reader.type, decoded.to.hash)
      const message = messageFor(address, decoded.messageKind, decoded.body, decoded.id, maxBytes)
      return { message: withTrace(message, record.traceparent ?? decoded.traceparent), undecodable: false }
    }
    return { message: deadLetterOf(record, decoded, text), undecodable: decoded.kind === 'undecodable' }
  } catch (error) {
    return {
      message: deadLetterOf(record, { kind: 'undecodable', cause: 'invalid-message', message: messageOf(error) }, text),
      undecodable: true,
    }
  }
}

function decode(record: InboundRecord, decoder: InboundDecoder): { readonly text: string; readonly decoded: Decoded } {
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
  try {
    const { topic, partition, offset, timestamp } = record
    return { text, decoded: decoder({ topic, partition, offset, timestamp, text }) }
  } catch (error) {
    return { text, decoded: { kind: 'undecodable', cause: 'decoder-failed', message: messageOf(error) } }
  }
}

/** The turn of this message writes the dead letter and its answers (rules 58). */
function deadLetterOf(record: InboundRecord, decoded: Exclude<Decoded, { kind: 'message' }>, text: string): Message {
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

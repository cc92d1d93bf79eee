import type { Connection } from './connection.ts'
import { inboundMessage } from './inbound-message.ts'
import type { Message } from './message.ts'
import type { Inbound, InboundRecord, Logger, Mailbox } from './ports.ts'
import type { Registry } from './registry.ts'
import type { Counters } from './status.ts'
import { type SpanStart, type Tracing, withTrace } from './tracing.ts'

export interface InboundRelayParts {
  readonly inbound: Inbound
  readonly mailbox: Pick<Mailbox, 'append'>
  /** The connection of the mailbox's server. */
  readonly connection: Pick<Connection, 'use'>
  readonly registry: Registry
  readonly logger: Logger
  readonly tracing: Tracing
  readonly maxMessageBytes: number
  readonly count: (by: Partial<Counters>) => void
}

/**
 * Re-keys records of the outside to the mailboxes of their actors, under stable ids: at least once here, once for the actor.
 * A batch is given back to its topic only after the mailbox has it.
 */
export function startInbound(parts: InboundRelayParts): void {
  const { inbound, registry } = parts
  inbound.start([...registry.inbound.keys()], (records) => take(records, parts))
}

async function take(records: readonly InboundRecord[], parts: InboundRelayParts): Promise<void> {
  const taken = records.flatMap((record) => {
    const reader = parts.registry.inbound.get(record.topic)
    return reader === undefined ? [] : [{ record, ...inboundMessage(record, reader, parts.maxMessageBytes) }]
  })
  for (const { record, message, undecodable } of taken) {
    if (undecodable) {
      const { topic, partition, offset } = record
      parts.logger.warn({ topic, partition, offset, deadLetter: message.id }, 'a record of the outside could not be decoded')
    }
  }
  await append(taken, parts)
  parts.count({ inbound: taken.length, undecodable: taken.filter(({ undecodable }) => undecodable).length })
}

interface Taken {
  readonly record: InboundRecord
  readonly message: Message
}

/** Each record under a span of its own, a child of its sender's. */
async function append(taken: readonly Taken[], { connection, mailbox, tracing }: InboundRelayParts): Promise<void> {
  const spans = taken.map((each) => tracing.start(spanOf(each)))
  const messages = taken.map(({ message }, index) => withTrace(message, spans[index]?.traceparent))
  try {
    await connection.use(() => mailbox.append(messages))
    spans.forEach((span) => span.end())
  } catch (error) {
    spans.forEach((span) => span.end({ error }))
    throw error
  }
}

function spanOf({ record: { topic, partition, offset }, message: { address, id, traceparent } }: Taken): SpanStart {
  const attributes = {
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': String(partition),
    'messaging.message.id': id,
    'quire.offset': offset,
    'quire.address': address,
  }
  return { name: `receive ${topic}`, kind: 'consumer', parent: traceparent ?? null, attributes }
}

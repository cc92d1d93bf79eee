import type { Connection } from './connection.ts'
import { inboundMessage } from './inbound-message.ts'
import type { Inbound, InboundRecord, Logger, Mailbox } from './ports.ts'
import type { Registry } from './registry.ts'
import type { Counters } from './status.ts'

export interface InboundRelayParts {
  readonly inbound: Inbound
  readonly mailbox: Pick<Mailbox, 'append'>
  /** The connection of the mailbox's server. */
  readonly connection: Pick<Connection, 'use'>
  readonly registry: Registry
  readonly logger: Logger
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
  const decoded = records.flatMap((record) => {
    const reader = parts.registry.inbound.get(record.topic)
    return reader === undefined ? [] : [{ record, ...inboundMessage(record, reader, parts.maxMessageBytes) }]
  })
  for (const { record, message, undecodable } of decoded) {
    if (undecodable) {
      const { topic, partition, offset } = record
      parts.logger.warn({ topic, partition, offset, deadLetter: message.id }, 'a record of the outside could not be decoded')
    }
  }
  await parts.connection.use(() => parts.mailbox.append(decoded.map(({ message }) => message)))
  parts.count({ inbound: decoded.length, undecodable: decoded.filter(({ undecodable }) => undecodable).length })
}

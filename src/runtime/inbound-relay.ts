import type { Connection } from './connection.ts'
import type { RowReads } from './define-actor.ts'
import { placeOf, type Read, readRecord } from './inbound-message.ts'
import type { Message } from './message.ts'
import type { Clock, Inbound, InboundRecord, Logger, Mailbox } from './ports.ts'
import type { Registry } from './registry.ts'
import type { Counters } from './status.ts'
import { atMost } from './time-limit.ts'
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
  readonly clock: Clock
  /** For those who look before they let a message in. */
  readonly rows: RowReads
  /** True while the database answers. */
  readonly isUp: () => boolean
  readonly count: (by: Partial<Counters>) => void
}

/** Whoever looks before letting a message in may take so long, ms; then it comes in as it is, and its actor looks itself. */
const admitMs = 2_000

/**
 * Re-keys records of the outside to the mailboxes of their actors, under stable ids: at least once here, once for the actor.
 * A batch is given back to its topic only after the mailbox has it.
 */
export function startInbound(parts: InboundRelayParts): void {
  const { inbound, registry } = parts
  inbound.start([...registry.inbound.keys()], (records) => take(records, parts))
}

async function take(records: readonly InboundRecord[], parts: InboundRelayParts): Promise<void> {
  const read = await Promise.all(records.map((record) => readOne(record, parts)))
  const taken = read.flatMap((each) => (each === undefined || each.kind === 'ignored' ? [] : [each]))
  const undecodable = taken.filter(({ kind }) => kind === 'undecodable')
  const ignored = read.flatMap((each) => (each?.kind === 'ignored' ? [each] : []))
  tellIgnored(ignored, parts.logger)
  await append(taken, parts)
  parts.count({ inbound: taken.length + ignored.length, undecodable: undecodable.length, ignored: ignored.length })
}

async function readOne(record: InboundRecord, parts: InboundRelayParts) {
  const reader = parts.registry.inbound.get(record.topic)
  if (reader === undefined) {
    return undefined
  }
  const { type, decode } = reader
  const unasked = (): Promise<Read> => readRecord(record, { type, decode }, parts)
  // Without the database nobody can be asked. A reader that waits for it would be taken for stuck and made anew, again and again.
  const read = parts.isUp() ? atMost(parts.clock, admitMs, readRecord(record, reader, parts), unasked) : unasked()
  return { record, ...(await read) }
}

type Ignored = Extract<Read, { kind: 'ignored' }> & { readonly record: InboundRecord }

/** A line for each cause: on a shared topic there may be thousands a second. */
function tellIgnored(ignored: readonly Ignored[], logger: Logger): void {
  for (const cause of new Set(ignored.map((each) => each.cause))) {
    const records = ignored.filter((each) => each.cause === cause)
    const [{ record, why }] = records as [Ignored]
    logger.info({ cause, records: records.length, first: placeOf(record) }, `records of the outside are for nobody here: ${why}`)
  }
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

import type { Connection } from './connection.ts'
import { QuireError } from './errors.ts'
import { inboundAddress, inboundMessage } from './inbound-message.ts'
import type { Message, Position } from './message.ts'
import type { Store } from './ports.ts'
import type { Registry } from './registry.ts'
import type { DeadLetterRow } from './turn-rows.ts'

export interface ReplayParts {
  readonly store: Pick<Store, 'deadLetters' | 'deadLetterReplayed' | 'outboxAgain'>
  readonly connection: Pick<Connection, 'use'>
  readonly registry: Registry
  readonly maxMessageBytes: number
  readonly append: (message: Message) => Promise<Position>
}

/**
 * Sends a dead letter again as a message of its own, `<id>#r1`; an output is offered again instead (then null).
 * @throws QuireError `dead-letter-unknown`; `invalid-message` for a record that still cannot be decoded
 */
export async function replay(deadLetterId: string, parts: ReplayParts): Promise<Position | null> {
  const { store, connection, append } = parts
  const [letter] = await connection.use(() => store.deadLetters({ id: deadLetterId, limit: 1 }))
  if (letter === undefined) {
    throw new QuireError('dead-letter-unknown', `there is no dead letter ${deadLetterId}`)
  }
  if (letter.kind === 'output') {
    await connection.use(() => store.outboxAgain({ partition: letter.partition, id: letter.messageId }))
    await connection.use(() => store.deadLetterReplayed(letter.id))
    return null
  }
  const position = await append(messageOf(letter, parts))
  await connection.use(() => store.deadLetterReplayed(letter.id))
  return position
}

function messageOf(letter: DeadLetterRow, parts: ReplayParts): Message {
  const again = { id: replayId(letter.messageId), replayOf: letter.id }
  const topic = [...parts.registry.inbound.keys()].find((name) => inboundAddress(name) === letter.address)
  if (topic !== undefined) {
    return { ...decodedAgain(letter, topic, parts), ...again }
  }
  return { ...again, address: letter.address, kind: letter.kind === 'create' ? 'create' : 'event', body: letter.body }
}

/** A record of the outside goes through its decoder again: it may have been mended meanwhile. */
function decodedAgain(letter: DeadLetterRow, topic: string, { registry, maxMessageBytes }: ReplayParts): Message {
  const [partition, offset] = letter.messageId
    .slice(topic.length + 1)
    .split('/')
    .map(Number)
  const record = { topic, partition: partition ?? 0, offset: offset ?? 0, timestamp: letter.at, value: Buffer.from(letter.body) }
  const reader = registry.inbound.get(topic)
  const decoded = reader === undefined ? undefined : inboundMessage(record, reader, maxMessageBytes)
  if (decoded === undefined || decoded.message.kind === 'refused') {
    throw new QuireError('invalid-message', `the record of ${letter.id} still cannot be decoded; mend its decoder or discard it`)
  }
  return decoded.message
}

function replayId(messageId: string): string {
  const match = /^(.*)#r(\d+)$/.exec(messageId)
  return match === null ? `${messageId}#r1` : `${match[1]}#r${Number(match[2]) + 1}`
}

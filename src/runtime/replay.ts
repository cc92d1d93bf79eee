import type { Connection } from './connection.ts'
import { QuireError } from './errors.ts'
import { inboundAddress, inboundMessage } from './inbound-message.ts'
import type { Message, Position } from './message.ts'
import { type Actor, letterAct } from './storage-act.ts'
import type { Store, StoredDeadLetter } from './ports.ts'
import type { Registry } from './registry.ts'

export interface ReplayParts {
  readonly store: Pick<Store, 'deadLetters' | 'deadLetterReplayed' | 'outboxAgain'>
  readonly connection: Pick<Connection, 'use'>
  readonly registry: Registry
  readonly maxMessageBytes: number
  /** Appends in order; resolves when all are durable. */
  readonly append: (...messages: readonly Message[]) => Promise<readonly Position[]>
}

/**
 * Sends a dead letter again as a message of its own, `<id>#r1`, the second time `<id>#r2`; an output is offered again instead
 * (then null). Who did it goes before, for the journal. After a crash between append and mark the same ids are sent again.
 * @throws QuireError `dead-letter-unknown`; `invalid-message` for a record that still cannot be decoded
 */
export async function replay(deadLetterId: string, actor: Actor, parts: ReplayParts): Promise<Position | null> {
  const { store, connection, append } = parts
  const letter = await letterOf(deadLetterId, parts)
  const times = letter.replays + 1
  const record = letterAct(letter.address, letter.id, 'REPLAY', actor, times)
  if (letter.kind === 'output') {
    await append(record)
    await connection.use(() => store.outboxAgain({ partition: letter.partition, id: letter.messageId }))
    await connection.use(() => store.deadLetterReplayed(letter.id, times))
    return null
  }
  const again = { ...messageOf(letter, parts), id: `${letter.messageId}#r${times}`, replayOf: letter.id }
  const [, position] = await append(record, again)
  await connection.use(() => store.deadLetterReplayed(letter.id, times))
  return position as Position
}

/** Gives a dead letter up: its turn deletes it and keeps who did it. Resolves with the act's place. @throws QuireError `dead-letter-unknown` */
export async function discard(deadLetterId: string, actor: Actor, parts: ReplayParts): Promise<Position> {
  const letter = await letterOf(deadLetterId, parts)
  const [position] = await parts.append(letterAct(letter.address, letter.id, 'DISCARD', actor, letter.replays))
  return position as Position
}

async function letterOf(id: string, { connection, store }: ReplayParts): Promise<StoredDeadLetter> {
  const [letter] = await connection.use(() => store.deadLetters({ id, limit: 1 }))
  if (letter === undefined) {
    throw new QuireError('dead-letter-unknown', `there is no dead letter ${id}`)
  }
  return letter
}

function messageOf(letter: StoredDeadLetter, parts: ReplayParts): Message {
  const topic = [...parts.registry.inbound.keys()].find((name) => inboundAddress(name) === letter.address)
  if (topic !== undefined) {
    return decodedAgain(letter, topic, parts)
  }
  return { id: letter.messageId, address: letter.address, kind: letter.kind === 'create' ? 'create' : 'event', body: letter.body }
}

/** A record of the outside goes through its decoder again: it may have been mended meanwhile. */
function decodedAgain(letter: StoredDeadLetter, topic: string, { registry, maxMessageBytes }: ReplayParts): Message {
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

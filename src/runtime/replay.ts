import type { Connection } from './connection.ts'
import { QuireError } from './errors.ts'
import type { RowReads } from './define-actor.ts'
import { inboundAddress, readRecord } from './inbound-message.ts'
import { actorTypeOf, type Message, type Position } from './message.ts'
import { type Actor, letterAct } from './storage-act.ts'
import type { InboundRecord, Store, StoredDeadLetter } from './ports.ts'
import type { InboundReader, Registry } from './registry.ts'

export interface ReplayParts {
  readonly store: Pick<Store, 'deadLetters' | 'deadLetterReplayed' | 'outboxAgain'>
  readonly connection: Pick<Connection, 'use'>
  readonly registry: Registry
  readonly maxMessageBytes: number
  readonly rows: RowReads
  /** Appends in order; resolves when all are durable. */
  readonly append: (...messages: readonly Message[]) => Promise<readonly Position[]>
}

/**
 * Sends a dead letter again as a message of its own, `<id>#r1`, the second time `<id>#r2`; an output is offered again instead
 * (then null). Who did it goes before, for the journal. After a crash between append and mark the same ids are sent again.
 * @throws QuireError `dead-letter-unknown`; `invalid-message` for a record that is still refused
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
  const again = { ...(await messageOf(letter, parts)), id: `${letter.messageId}#r${times}`, replayOf: letter.id }
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

/** What comes from the outside goes through its decoder again: that, or what it is checked against, may have been mended. */
async function messageOf(letter: StoredDeadLetter, parts: ReplayParts): Promise<Message> {
  const { address, body, kind, messageId } = letter
  const topics = [...parts.registry.inbound.keys()]
  const topic = topics.find((name) => inboundAddress(name) === address)
  if (topic !== undefined) {
    return await readAgain(letter, [topic], parts)
  }
  if (kind === 'refused') {
    return await readAgain(
      letter,
      topics.filter((name) => parts.registry.inbound.get(name)?.type === actorTypeOf(address)),
      parts,
    )
  }
  return { id: messageId, address, kind: kind === 'create' ? 'create' : 'event', body }
}

/** By the first of the topics that takes it: a refused record's letter does not tell its own. */
async function readAgain(letter: StoredDeadLetter, topics: readonly string[], parts: ReplayParts): Promise<Message> {
  for (const topic of topics) {
    const read = await readRecord(recordOf(letter, topic), parts.registry.inbound.get(topic) as InboundReader, parts)
    if (read.kind === 'message' && read.message.kind !== 'refused') {
      return read.message
    }
  }
  throw new QuireError('invalid-message', `the record of ${letter.id} is still refused; mend what its cause names, or discard it`)
}

function recordOf({ at, body, messageId }: StoredDeadLetter, topic: string): InboundRecord {
  const [partition = 0, offset = 0] = messageId.startsWith(`${topic}/`)
    ? messageId
        .slice(topic.length + 1)
        .split('/')
        .map(Number)
    : []
  return { topic, partition, offset, timestamp: at, value: Buffer.from(body) }
}

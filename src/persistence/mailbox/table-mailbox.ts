import { type Message, partitionOf, type Position } from '../../runtime/message.ts'
import type { Clock, Mailbox } from '../../runtime/ports.ts'
import type { Database } from '../database.ts'
import { classified, codeOf } from '../errors.ts'
import { announceElsewhere } from '../notify.ts'
import { appendMessages, findPositions, type Placed } from './append.ts'
import { pollMailbox, readEnds } from './poll.ts'

interface Waiting {
  readonly messages: readonly Message[]
  readonly resolve: (positions: readonly Position[]) => void
  readonly reject: (error: unknown) => void
}

/** Messages of one statement at most; senders that come while one is under way share the next. */
const mostTogether = 1_000
/** Deadlock, serialization failure, and two processes with the same new id: the next try sees what the other wrote. */
const worthAnother = new Set(['40P01', '40001', '23505'])
const tries = 5

/** The mailbox as a table of the same database: positions in commit order, one statement for all who send at the same time. */
export function createTableMailbox(database: Database, partitions: number, clock: Clock): Mailbox {
  const announce = announceElsewhere(database, 'mailbox', clock)
  let waiting: Waiting[] = []
  let flushing = false

  const flush = async (): Promise<void> => {
    flushing = true
    while (waiting.length > 0) {
      const batch = takeBatch()
      try {
        const positions = await classified(() => appendAll(batch))
        database.listener.announce('mailbox')
        announce()
        settle(batch, positions)
      } catch (error) {
        for (const { reject } of batch) {
          reject(error)
        }
      }
    }
    flushing = false
  }
  const takeBatch = (): Waiting[] => {
    let size = 0
    const count = waiting.findIndex((entry) => (size += entry.messages.length) > mostTogether)
    return waiting.splice(0, count < 0 ? waiting.length : Math.max(1, count))
  }
  const appendAll = async (batch: readonly Waiting[]): Promise<ReadonlyMap<string, Position>> => {
    const unique = new Map(batch.flatMap((entry) => entry.messages).map((message) => [`${message.address}#${message.id}`, message]))
    const placed = [...unique.values()].map(
      (message, place): Placed => ({ ...message, place, partition: partitionOf(message.address, partitions) }),
    )
    for (let attempt = 1; ; attempt++) {
      try {
        const appended = await appendMessages(database, placed, clock.now())
        return appended.size === placed.length ? appended : await findPositions(database, placed)
      } catch (error) {
        if (attempt === tries || !worthAnother.has(codeOf(error))) {
          throw error
        }
      }
    }
  }
  return {
    append: (messages) =>
      new Promise((resolve, reject) => {
        waiting.push({ messages, resolve, reject })
        if (!flushing) {
          void flush()
        }
      }),
    poll: (from, limit) => classified(() => pollMailbox(database, from, limit)),
    ends: (ids) => classified(() => readEnds(database, ids)),
    subscribe: (wake) => database.listener.subscribe('mailbox', wake),
  }
}

function settle(batch: readonly Waiting[], positions: ReadonlyMap<string, Position>): void {
  for (const { messages, resolve } of batch) {
    resolve(messages.map((message) => positions.get(`${message.address}#${message.id}`) as Position))
  }
}

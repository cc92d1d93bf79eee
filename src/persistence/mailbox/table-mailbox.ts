import { type Message, partitionOf, type Position } from '../../runtime/message.ts'
import type { Clock, Mailbox } from '../../runtime/ports.ts'
import type { Database } from '../database.ts'
import { classified, codeOf } from '../errors.ts'
import { announceElsewhere } from '../notify.ts'
import { appendMessages, findPositions, type Placed } from './append.ts'
import { pollMailbox, readEnds } from './poll.ts'

/** Deadlock, serialization failure, and two processes with the same new id: the next try sees what the other wrote. */
const worthAnother = new Set(['40P01', '40001', '23505'])
const tries = 5

/** The mailbox as a table of the same database: positions in commit order, one statement an append. */
export function createTableMailbox(database: Database, partitions: number, clock: Clock): Mailbox {
  const announce = announceElsewhere(database, 'mailbox', clock)

  const append = async (messages: readonly Message[]): Promise<readonly Position[]> => {
    const unique = new Map(messages.map((message) => [keyOf(message), message]))
    const placed = [...unique.values()].map(
      (message, place): Placed => ({ ...message, place, partition: partitionOf(message.address, partitions) }),
    )
    const positions = await appendPlaced(placed)
    database.listener.announce('mailbox')
    announce()
    return messages.map((message) => positions.get(keyOf(message)) as Position)
  }
  const appendPlaced = async (placed: readonly Placed[]): Promise<ReadonlyMap<string, Position>> => {
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
    log: 'a table of the database',
    append: (messages) => classified(() => append(messages)),
    async poll(from, limit) {
      const records = await classified(() => pollMailbox(database, from, limit))
      return { records, isWhole: records.length === 0, faults: [] }
    },
    ends: (ids) => classified(() => readEnds(database, ids)),
    subscribe: (wake) => database.listener.subscribe('mailbox', wake),
  }
}

/** Ids are unique for an address. */
function keyOf(message: Message): string {
  return `${message.address}#${message.id}`
}

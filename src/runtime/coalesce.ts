import type { Message, Position } from './message.ts'
import type { Mailbox } from './ports.ts'

interface Waiting {
  readonly messages: readonly Message[]
  readonly resolve: (positions: readonly Position[]) => void
  readonly reject: (error: unknown) => void
}

/** Messages of one append at most. */
const mostTogether = 1_000

/** A mailbox that appends together what comes while an append is under way: one round trip for all who send at the same time, in their order. */
export function coalesced(mailbox: Mailbox): Mailbox {
  let waiting: Waiting[] = []
  let flushing = false

  const flush = async (): Promise<void> => {
    flushing = true
    while (waiting.length > 0) {
      const batch = takeBatch()
      try {
        const positions = await mailbox.append(batch.flatMap((entry) => entry.messages))
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
  return {
    log: mailbox.log,
    poll: (from, limit) => mailbox.poll(from, limit),
    ends: (partitions) => mailbox.ends(partitions),
    subscribe: (wake) => mailbox.subscribe(wake),
    append: (messages) =>
      new Promise((resolve, reject) => {
        waiting.push({ messages, resolve, reject })
        if (!flushing) {
          void flush()
        }
      }),
  }
}

function settle(batch: readonly Waiting[], positions: readonly Position[]): void {
  let next = 0
  for (const { messages, resolve } of batch) {
    resolve(positions.slice(next, next + messages.length))
    next += messages.length
  }
}

import type { Json } from './define-actor.ts'
import type { Publisher } from './ports.ts'
import type { OutboxRow } from './turn-rows.ts'

/** An output as an embedder's `onEvent` gets it. The same `id` may come twice; it is the same output. */
export interface OutboundEvent {
  readonly id: string
  readonly topic: string
  readonly key: string
  readonly payload: Json
  /** The actor it comes from. */
  readonly address: string
}

/**
 * The publisher of a Quire without Kafka (rules 51). With `onEvent`, each output is offered until it resolves, in order
 * per key; without it outputs are only kept in the table, where `result` shows them.
 */
export function localPublisher(onEvent: ((event: OutboundEvent) => Promise<void> | void) | undefined): Publisher {
  return {
    async publish(rows) {
      if (onEvent === undefined) {
        return { durable: rows.map((row) => row.id), refused: [] }
      }
      return { durable: await offerInOrder(rows, onEvent), refused: [] }
    },
  }
}

/** A refused output holds back the later ones of its key, and no other. @throws the refusal, when nothing went through */
async function offerInOrder(rows: readonly OutboxRow[], onEvent: (event: OutboundEvent) => Promise<void> | void): Promise<string[]> {
  const accepted: string[] = []
  const blocked = new Map<string, unknown>()
  for (const row of rows) {
    const lane = `${row.target} ${row.key}`
    if (blocked.has(lane)) {
      continue
    }
    try {
      await onEvent({ id: row.id, topic: row.target, key: row.key, payload: JSON.parse(row.payload) as Json, address: row.address })
      accepted.push(row.id)
    } catch (error) {
      blocked.set(lane, error)
    }
  }
  if (accepted.length === 0) {
    throw [...blocked.values()][0]
  }
  return accepted
}

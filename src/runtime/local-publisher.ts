import type { Json } from './define-actor.ts'
import type { Publisher } from './ports.ts'
import type { Traceparent } from './tracing.ts'
import type { OutboxRow } from './turn-rows.ts'

/** An output as an embedder's `onEvent` gets it. The same `id` may come twice; it is the same output. */
export interface OutboundEvent {
  readonly id: string
  readonly topic: string
  readonly key: string
  readonly payload: Json
  /** The actor it comes from. */
  readonly address: string
  /** W3C trace context, for a header of the same name; absent where there is no trace. */
  readonly traceparent?: Traceparent
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
      await onEvent(outboundEvent(row))
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

/** An output as it is told. */
export function outboundEvent({ id, target: topic, key, payload, address, traceparent }: OutboxRow): OutboundEvent {
  const event = { id, topic, key, payload: JSON.parse(payload) as Json, address }
  return traceparent === null ? event : { ...event, traceparent }
}

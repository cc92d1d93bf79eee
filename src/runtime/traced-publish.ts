import { messageOf } from './errors.ts'
import type { Published, Publisher } from './ports.ts'
import { noTracing, type Tracing } from './tracing.ts'
import type { OutboxRow } from './turn-rows.ts'

/** Publishes each output under a span of its own, whose context leaves with it. */
export async function publishTraced(rows: readonly OutboxRow[], publisher: Publisher, tracing: Tracing): Promise<Published> {
  if (tracing === noTracing) {
    return await publisher.publish(rows)
  }
  const spans = rows.map(({ id, address, target, traceparent }) => {
    const attributes = { 'messaging.destination.name': target, 'messaging.message.id': id, 'quire.address': address }
    return tracing.start({ name: `send ${target}`, kind: 'producer', parent: traceparent, attributes })
  })
  const endAll = (errorOf: (row: OutboxRow) => string | undefined): void => {
    rows.forEach((row, index) => spans[index]?.end({ error: errorOf(row) }))
  }
  try {
    const published = await publisher.publish(rows.map((row, index) => ({ ...row, traceparent: spans[index]?.traceparent ?? null })))
    const durable = new Set(published.durable)
    const refused = new Map(published.refused.map(({ id, message }) => [id, message]))
    endAll(({ id }) => refused.get(id) ?? (durable.has(id) ? undefined : 'not taken; it will be offered again'))
    return published
  } catch (error) {
    endAll(() => messageOf(error))
    throw error
  }
}

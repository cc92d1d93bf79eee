import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Kafka } from 'kafkajs'
import { kafkaClient } from '../../support/kafka/client.ts'

/** An event as it stands on its topic. */
export interface PublishedEvent {
  readonly kind: OutboundKind
  readonly id: string
  readonly batch: string
  readonly text: string
}

export type OutboundKind = 'completed' | 'failed' | 'result' | 'resource'

/** Names as the platform knows them, written down here once more: the checker takes nothing from the code it checks. */
const outbound: Readonly<Record<OutboundKind, string>> = {
  completed: 'huleedu.cj_assessment.completed.v1',
  failed: 'huleedu.cj_assessment.failed.v1',
  result: 'huleedu.assessment.result.published.v1',
  resource: 'huleedu.resource.consumption.v1',
}

export const requestTopic = 'huleedu.els.cj_assessment.requested.v1'

/** Everything on the outbound topics, from their beginning to where they end now. */
export async function readEvents(brokers: readonly string[], prefix: string): Promise<readonly PublishedEvent[]> {
  const kinds = new Map(Object.entries(outbound).map(([kind, topic]) => [`${prefix}${topic}`, kind as OutboundKind]))
  const client = kafkaClient(brokers)
  const left = await sizesOf(client, [...kinds.keys()])
  const existing = [...new Set([...left.keys()].map((place) => place.slice(0, place.lastIndexOf('/'))))]
  const events: PublishedEvent[] = []
  if (![...left.values()].some((count) => count > 0)) {
    return events
  }
  const consumer = client.consumer({ groupId: `checker-${randomUUID()}`, maxWaitTimeInMs: 50 })
  await consumer.connect()
  await consumer.subscribe({ topics: existing, fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || reject(payload.error))
    const eachMessage = async ({ topic, partition, message }: { topic: string; partition: number; message: { value: Buffer | null } }) => {
      events.push(eventOf(kinds.get(topic) as OutboundKind, String(message.value)))
      left.set(`${topic}/${partition}`, (left.get(`${topic}/${partition}`) ?? 0) - 1)
      if ([...left.values()].every((count) => count <= 0)) {
        resolve()
      }
    }
    consumer.run({ eachMessage }).catch(reject)
  })
  await consumer.disconnect()
  return events
}

/** Records by `topic/partition`. Just after a broker came back some partitions have no leader yet: then it is asked again. */
async function sizesOf(client: Kafka, topics: readonly string[], attempts = 60): Promise<Map<string, number>> {
  const admin = client.admin()
  try {
    await admin.connect()
    const existing = (await admin.listTopics()).filter((topic) => topics.includes(topic))
    const ends = await Promise.all(existing.map(async (topic) => ({ topic, partitions: await admin.fetchTopicOffsets(topic) })))
    return new Map(
      ends.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, low, high }) => [`${topic}/${partition}`, Number(high) - Number(low)] as const),
      ),
    )
  } catch (error) {
    if (attempts <= 1) {
      throw error
    }
    await pause(500)
    return await sizesOf(client, topics, attempts - 1)
  } finally {
    await admin.disconnect()
  }
}

function eventOf(kind: OutboundKind, text: string): PublishedEvent {
  const { event_id: id, data } = JSON.parse(text) as { readonly event_id: string; readonly data: { readonly entity_id: string } }
  return { kind, id, batch: data.entity_id, text }
}

import type { Kafka, Producer } from 'kafkajs'

/** The platform's side of a bench: produces and consumes as bare as it goes. */
export function platformProducer(client: Kafka): Producer {
  return client.producer({ maxInFlightRequests: 1 })
}

/** Calls for every record of a topic; resolves when the group has its assignment. */
export async function consuming(
  client: Kafka,
  { topic, groupId }: { readonly topic: string; readonly groupId: string },
  take: (key: string, value: Buffer | null) => void,
): Promise<{ stop(): Promise<void> }> {
  const consumer = client.consumer({ groupId, maxWaitTimeInMs: 5 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
  await consumer.run({ autoCommit: false, eachMessage: async ({ message }) => take(String(message.key), message.value) })
  await joined
  return { stop: () => consumer.disconnect() }
}

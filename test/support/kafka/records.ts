import type { Kafka } from 'kafkajs'

/** A topic of one partition, which has its leader. */
export async function createTopic(client: Kafka, topic: string): Promise<void> {
  const admin = client.admin()
  try {
    await admin.connect()
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
  } finally {
    await admin.disconnect()
  }
}

export async function produce(client: Kafka, topic: string, values: readonly string[]): Promise<void> {
  const producer = client.producer()
  try {
    await producer.connect()
    await producer.send({ topic, messages: values.map((value) => ({ value })) })
  } finally {
    await producer.disconnect()
  }
}

/** The first `count` values of a topic, read by a group that begins at its start. */
export async function consume(client: Kafka, topic: string, groupId: string, count: number): Promise<string[]> {
  const consumer = client.consumer({ groupId, maxWaitTimeInMs: 20 })
  const values: string[] = []
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || reject(payload.error))
    const eachMessage = async ({ message }: { readonly message: { readonly value: Buffer | null } }): Promise<void> => {
      values.push(String(message.value))
      if (values.length === count) {
        resolve()
      }
    }
    consumer.run({ eachMessage }).catch(reject)
  })
  await consumer.disconnect()
  return values
}

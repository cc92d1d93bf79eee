import type { Kafka, KafkaMessage } from 'kafkajs'

/** The first `count` records of a topic, whatever its partitions, read by a group that begins at its start; in order per partition. */
export async function readTopic(client: Kafka, topic: string, groupId: string, count: number): Promise<readonly KafkaMessage[]> {
  const consumer = client.consumer({ groupId, maxWaitTimeInMs: 20 })
  const records: KafkaMessage[] = []
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || reject(payload.error))
    const eachMessage = async ({ message }: { readonly message: KafkaMessage }): Promise<void> => {
      records.push(message)
      if (records.length === count) {
        resolve()
      }
    }
    consumer.run({ eachMessage }).catch(reject)
  })
  await consumer.disconnect()
  return records
}

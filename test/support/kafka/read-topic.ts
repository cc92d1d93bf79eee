import type { Kafka, KafkaMessage } from 'kafkajs'
import { again } from '../../../src/kafka/again.ts'
import { hasNoLeader, isUnknownTopic } from '../../../src/kafka/errors.ts'
import { systemClock } from '../../../src/runtime/system.ts'

/** A topic may be made at its first record only; kafkajs subscribes without another try. */
const passing = { calls: 100, when: (error: unknown) => isUnknownTopic(error) || hasNoLeader(error) }

/** The first `count` records of a topic, whatever its partitions, read by a group that begins at its start; in order per partition. */
export async function readTopic(client: Kafka, topic: string, groupId: string, count: number): Promise<readonly KafkaMessage[]> {
  const consumer = client.consumer({ groupId, maxWaitTimeInMs: 20 })
  const records: KafkaMessage[] = []
  await consumer.connect()
  await again(() => consumer.subscribe({ topic, fromBeginning: true }), systemClock, passing)
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

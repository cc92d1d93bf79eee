import { type Kafka } from 'kafkajs'
import { topics } from '../../src/batch/wire/topics.ts'
import { kafkaClient } from '../../test/support/kafka/client.ts'
import { startKafka, type TestKafka } from '../../test/support/kafka/start-kafka.ts'
import { madeTopics } from '../../test/support/kafka/with-admin.ts'
import { startPostgres, type TestPostgres } from '../../test/support/postgres.ts'

export interface Servers {
  readonly kafka: TestKafka
  readonly postgres: TestPostgres
  readonly client: Kafka
}

/** Runs on a Kafka and a Postgres of its own, both real and with their durable defaults. */
export async function onServers<T>(run: (servers: Servers) => Promise<T>): Promise<T> {
  const [kafka, postgres] = await Promise.all([startKafka(), startPostgres()])
  try {
    return await run({ kafka, postgres, client: kafkaClient(kafka.brokers) })
  } finally {
    await Promise.all([kafka.stopAll(), postgres.stop()])
  }
}

/** The platform's topics under a prefix, each of four partitions. */
export function platformTopics({ kafka }: Pick<Servers, 'kafka'>, prefix: string): Promise<void> {
  return madeTopics(
    kafka.brokers,
    Object.values(topics).map((topic) => ({ topic: `${prefix}${topic}`, partitions: 4 })),
  )
}

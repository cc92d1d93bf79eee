import { Kafka, type KafkaConfig, logLevel } from 'kafkajs'

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1'

/** A broker that was killed has a successor after seconds, on a busy machine after many: kafkajs' own five tries end after nine. */
const patience = { retries: 15, maxRetryTime: 5_000 }

/** A client of the test's own, beside the code under test. */
export function kafkaClient(brokers: readonly string[], config: Partial<KafkaConfig> = {}): Kafka {
  return new Kafka({ clientId: 'quire-test', brokers: [...brokers], logLevel: logLevel.NOTHING, retry: patience, ...config })
}

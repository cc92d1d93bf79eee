import { randomUUID } from 'node:crypto'
import { kafkaPorts } from '../../src/kafka/kafka-ports.ts'
import type { KafkaOptions } from '../../src/kafka/options.ts'
import { silentLogger, systemClock } from '../../src/runtime/system.ts'
import type { KafkaForTests } from '../support/kafka/kafka-for-tests.ts'
import { partitions } from './adapters.ts'

type KafkaPorts = ReturnType<typeof kafkaPorts>

/** The ports that Kafka implements, on topics and groups of their own. */
export interface KafkaAdapter extends KafkaPorts {
  /** Before the names of its topics. */
  readonly topicPrefix: string
  readonly groupId: string
  close(): Promise<void>
}

/** What an adapter may be given: another one's topics and group, for a second process. */
export type KafkaPlace = Pick<KafkaAdapter, 'topicPrefix' | 'groupId'>

export function kafkaAdapter(kafka: KafkaForTests, place?: KafkaPlace, more: Partial<KafkaOptions> = {}): KafkaAdapter {
  const name = randomUUID().slice(0, 8)
  const { topicPrefix, groupId } = place ?? { topicPrefix: `${kafka.topicPrefix}${name}.`, groupId: `${kafka.groupPrefix}${name}` }
  const parts = { clock: systemClock, logger: silentLogger, partitions, maxMessageBytes: 200_000, clientId: 'quire-test' }
  const ports = kafkaPorts({ brokers: kafka.brokers, topicPrefix, groupId, ...more }, parts)
  return {
    ...ports,
    topicPrefix,
    groupId,
    async close() {
      await Promise.all([ports.ownership.stop(), ports.inbound?.stop()])
      await ports.broker.close()
    },
  }
}

/** Contact, and every partition assigned to this member. */
export async function owningAll({ broker, ownership }: KafkaPorts, topics: readonly string[] = []): Promise<void> {
  await broker.open({ partitions, topics })
  await new Promise<void>((resolve) => {
    ownership.start({
      assigned: (ids) => ids.length === partitions && resolve(),
      revoked: () => {},
      detached: () => {},
      standby: () => {},
    })
  })
}

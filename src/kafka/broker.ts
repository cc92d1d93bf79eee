import { QuireError } from '../runtime/errors.ts'
import type { Broker } from '../runtime/ports.ts'
import type { KafkaClient } from './client.ts'
import { classified } from './errors.ts'
import type { KafkaSettings } from './options.ts'

export interface BrokerParts {
  readonly client: KafkaClient
  readonly settings: KafkaSettings
  /** The topic of the mailbox. */
  readonly mailboxTopic: string
  /** Largest body of a message, bytes. */
  readonly maxMessageBytes: number
}

/** Escaping may double a body that is carried inside another; keys and headers come on top. */
const recordBytes = (bodyBytes: number): number => 2 * bodyBytes + 65_536

/** The cluster as the supervisor sees it: contact makes the topics, and whoever loses the cluster says so. */
export function createBroker({ client, settings, mailboxTopic, maxMessageBytes }: BrokerParts): Broker & { lost(error: unknown): void } {
  const { brokers, replication = Math.min(3, brokers.length), retentionMs, topicPrefix } = settings
  let onLost = (_error: unknown): void => {}
  const config = {
    'cleanup.policy': 'delete',
    'retention.ms': retentionMs === 0 ? '-1' : String(retentionMs),
    'min.insync.replicas': String(replication >= 3 ? 2 : 1),
    'max.message.bytes': String(recordBytes(maxMessageBytes)),
  }
  return {
    async open({ partitions, topics }) {
      await classified(() =>
        client.ensureTopics([
          { topic: mailboxTopic, partitions, replication, config },
          ...topics.map((topic) => ({ topic: `${topicPrefix}${topic}` })),
        ]),
      )
      const found = await classified(() => client.partitionsOf(mailboxTopic))
      if (found !== partitions) {
        throw new QuireError(
          'partitions-mismatch',
          `topic ${mailboxTopic} has ${found} partitions, this process is configured for ${partitions}; configure ${found}, or give the topic back its number`,
          { details: { topic: mailboxTopic, found, configured: partitions } },
        )
      }
    },
    ping: () => classified(() => client.ping()),
    onLost(call) {
      onLost = call
    },
    lost: (error) => onLost(error),
    close: () => client.close(),
  }
}

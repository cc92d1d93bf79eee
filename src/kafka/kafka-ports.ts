import type { RuntimePorts } from '../runtime/runtime-api.ts'
import { createBroker } from './broker.ts'
import { KafkaInbound } from './inbound.ts'
import { createKafkajsClient } from './kafkajs-client.ts'
import { KafkaMailbox } from './mailbox.ts'
import { type KafkaOptions, kafkaSettings } from './options.ts'
import { createPublisher } from './publisher.ts'

/** Name of the mailbox topic, after the prefix. */
export const mailboxTopic = 'quire.mailbox.v1'

export interface KafkaPortsParts extends Pick<RuntimePorts, 'clock' | 'logger'> {
  readonly partitions: number
  readonly maxMessageBytes: number
  /** Shown by the broker's tools. */
  readonly clientId: string
}

/** Everything of the runtime that Kafka implements. Nothing connects before the supervisor asks. @throws QuireError `invalid-option` */
export function kafkaPorts(
  options: KafkaOptions,
  parts: KafkaPortsParts,
): Pick<RuntimePorts, 'mailbox' | 'ownership' | 'publisher' | 'inbound'> & Required<Pick<RuntimePorts, 'broker'>> {
  const settings = kafkaSettings(options)
  const { clock, logger, partitions, maxMessageBytes } = parts
  const { groupId, topicPrefix } = settings
  const topic = `${topicPrefix}${mailboxTopic}`
  const client = createKafkajsClient(settings, parts.clientId, parts)
  const broker = createBroker({ client, settings, mailboxTopic: topic, maxMessageBytes })
  const shared = { client, topicPrefix, clock, logger, onLost: broker.lost }
  const mailbox = new KafkaMailbox({ ...shared, topic, groupId: `${groupId}.mailbox`, partitions })
  return { broker, mailbox, ownership: mailbox, publisher: createPublisher(shared), inbound: new KafkaInbound({ ...shared, groupId }) }
}

import type { RuntimePorts } from '../runtime/runtime-api.ts'
import { createBroker } from './broker.ts'
import type { KafkaClient } from './client.ts'
import { KafkaInbound } from './inbound.ts'
import { KafkaMailbox } from './mailbox.ts'
import type { KafkaSettings } from './options.ts'
import { createPublisher } from './publisher.ts'

/** Name of the mailbox topic, after the prefix. */
export const mailboxTopic = 'quire.mailbox.v1'

export interface ClientPortsParts extends Pick<RuntimePorts, 'clock' | 'logger'> {
  readonly partitions: number
  readonly maxMessageBytes: number
}

/** What of the runtime Kafka implements. */
export type KafkaPorts = Required<Pick<RuntimePorts, 'mailbox' | 'ownership' | 'publisher' | 'inbound' | 'broker'>>

/** Everything of the runtime that Kafka implements, over any client. Nothing connects before the supervisor asks. */
export function clientPorts(client: KafkaClient, settings: KafkaSettings, parts: ClientPortsParts): KafkaPorts {
  const { clock, logger, partitions, maxMessageBytes } = parts
  const { groupId, topicPrefix } = settings
  const topic = `${topicPrefix}${mailboxTopic}`
  const broker = createBroker({ client, settings, mailboxTopic: topic, maxMessageBytes })
  const shared = { client, topicPrefix, clock, logger, onLost: broker.lost }
  const mailbox = new KafkaMailbox({ ...shared, topic, groupId: mailboxGroup(groupId), partitions, maxSendBytes: maxMessageBytes })
  return { broker, mailbox, ownership: mailbox, publisher: createPublisher(shared), inbound: new KafkaInbound({ ...shared, groupId }) }
}

/** The group that reads the mailbox alone, beside the one of the outside topics (rules 11). */
export function mailboxGroup(groupId: string): string {
  return `${groupId}.mailbox`
}

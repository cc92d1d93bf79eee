import { clientPorts, type ClientPortsParts, type KafkaPorts } from './client-ports.ts'
import { createKafkajsClient } from './kafkajs-client.ts'
import { type KafkaOptions, kafkaSettings } from './options.ts'

export interface KafkaPortsParts extends ClientPortsParts {
  /** Shown by the broker's tools. */
  readonly clientId: string
}

/** Everything of the runtime that Kafka implements, by kafkajs. @throws QuireError `invalid-option` */
export function kafkaPorts(options: KafkaOptions, parts: KafkaPortsParts): KafkaPorts {
  const settings = kafkaSettings(options)
  return clientPorts(createKafkajsClient(settings, parts.clientId, parts), settings, parts)
}

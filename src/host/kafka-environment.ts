import type { KafkaOptions } from '../kafka/options.ts'
import { CommandError } from './command-error.ts'
import { exitCodes } from './exit-codes.ts'

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const

/** How the brokers are reached, by QUIRE_KAFKA_* and QUIRE_TOPIC_PREFIX; undefined when no broker is named. */
export function kafkaOf(environment: NodeJS.ProcessEnv): KafkaOptions | undefined {
  const brokers = list(environment['QUIRE_KAFKA_BROKERS'])
  if (brokers.length === 0) {
    return undefined
  }
  const groupId = given(environment['QUIRE_KAFKA_GROUP_ID'])
  const topicPrefix = given(environment['QUIRE_TOPIC_PREFIX'])
  const sasl = saslOf(environment)
  return {
    brokers,
    ...(groupId === undefined ? {} : { groupId }),
    ...(topicPrefix === undefined ? {} : { topicPrefix }),
    ...(environment['QUIRE_KAFKA_SSL'] === 'true' ? { ssl: true } : {}),
    ...(sasl === undefined ? {} : { sasl }),
  }
}

function saslOf(environment: NodeJS.ProcessEnv): KafkaOptions['sasl'] {
  const username = given(environment['QUIRE_KAFKA_SASL_USERNAME'])
  const password = given(environment['QUIRE_KAFKA_SASL_PASSWORD'])
  const name = given(environment['QUIRE_KAFKA_SASL_MECHANISM'])
  if (username === undefined && password === undefined && name === undefined) {
    return undefined
  }
  const mechanism = mechanisms.find((known) => known === (name ?? 'plain').toLowerCase())
  if (mechanism === undefined) {
    throw new CommandError(exitCodes.badInput, `QUIRE_KAFKA_SASL_MECHANISM is '${name}'; use ${mechanisms.join(', ')}`)
  }
  if (username === undefined || password === undefined) {
    throw new CommandError(exitCodes.badInput, 'QUIRE_KAFKA_SASL_USERNAME and QUIRE_KAFKA_SASL_PASSWORD must both be set')
  }
  return { mechanism, username, password }
}

function list(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}

import { isQuireError, type QuireError } from '../runtime/errors.ts'
import { isPortFailure, PortFailure } from '../runtime/port-failure.ts'

/** Error types of the protocol, errno and names of the client library -> what a person must mend. */
const blocked: readonly (readonly [sign: RegExp, reason: string])[] = [
  [/SASL|AUTHENTICATION/i, 'authentication'],
  [/CLUSTER_AUTHORIZATION_FAILED|GROUP_AUTHORIZATION_FAILED|TOPIC_AUTHORIZATION_FAILED/, 'not authorised'],
  [/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL/, 'TLS certificate'],
  [/UNSUPPORTED_VERSION|KafkaJSServerDoesNotSupportApiKey/, 'version of the broker'],
  [/KafkaJSNotImplemented/, 'compression'],
  [/INVALID_TOPIC_EXCEPTION|INVALID_REPLICATION_FACTOR|INVALID_CONFIG|POLICY_VIOLATION/, 'topic settings'],
]

const tooLarge = /MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE/

/** All others pass by themselves, too, and are told in their own words. */
const transient: readonly (readonly [sign: RegExp, reason: string])[] = [
  [/ECONNREFUSED/, 'refused'],
  [/ENOTFOUND|EAI_AGAIN/, 'host not found'],
  [/ETIMEDOUT|Timeout|REQUEST_TIMED_OUT/i, 'timeout'],
  [/ECONNRESET|EPIPE|ConnectionClosed|NETWORK_EXCEPTION/, 'connection lost'],
  [/NOT_ENOUGH_REPLICAS/, 'not enough in-sync replicas'],
  [/LEADER_NOT_AVAILABLE|NOT_LEADER|COORDINATOR|NoBrokerAvailable|BrokerNotFound|TopicMetadataNotLoaded/, 'no leader or coordinator yet'],
]

/** Any error of the client library as a PortFailure; errors of our own pass unchanged. */
export function brokerFailure(error: unknown): PortFailure | QuireError {
  if (isPortFailure(error) || isQuireError(error)) {
    return error
  }
  const sign = signOf(error)
  if (tooLarge.test(sign)) {
    return new PortFailure('broker', 'permanent', 'size of a record', error)
  }
  const wrong = blocked.find(([pattern]) => pattern.test(sign))
  const passing = transient.find(([pattern]) => pattern.test(sign))
  return wrong === undefined
    ? new PortFailure('broker', 'transient', passing?.[1] ?? sign.slice(0, 200), error)
    : new PortFailure('broker', 'blocked', wrong[1], error)
}

/** Everything that tells errors of the client apart: name, protocol type, errno and message of the error and its causes. */
export function signOf(error: unknown): string {
  const parts: string[] = []
  for (let current = error; typeof current === 'object' && current !== null && parts.length < 20; current = causeOf(current)) {
    for (const field of ['name', 'type', 'code', 'message']) {
      const value: unknown = Reflect.get(current, field)
      if (typeof value === 'string' && value !== '') {
        parts.push(value)
      }
    }
  }
  return parts.length === 0 ? String(error) : parts.join(' ')
}

function causeOf(error: object): unknown {
  const errors: unknown = Reflect.get(error, 'errors')
  return Reflect.get(error, 'cause') ?? (Array.isArray(errors) ? errors[0] : undefined)
}

/** Why an output will never be taken; undefined when it may be. */
export function refusalOf(error: unknown): string | undefined {
  const sign = signOf(error)
  const known = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'TOPIC_AUTHORIZATION_FAILED', 'INVALID_TOPIC_EXCEPTION', 'INVALID_RECORD']
  return known
    .find((type) => sign.includes(type))
    ?.toLowerCase()
    .replaceAll('_', '-')
}

/** True when the topic is not there (yet). */
export function isUnknownTopic(error: unknown): boolean {
  return /UNKNOWN_TOPIC_OR_PARTITION|does not host this topic/.test(signOf(error))
}

/** True while a partition's leader is being chosen. */
export function hasNoLeader(error: unknown): boolean {
  return /LEADER_NOT_AVAILABLE|NOT_LEADER/.test(signOf(error))
}

/** Runs a call of the client; whatever it throws is classified. */
export async function classified<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw brokerFailure(error)
  }
}

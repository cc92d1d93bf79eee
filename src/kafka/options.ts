import { QuireError } from '../runtime/errors.ts'

/** How the brokers are reached. Secrets are never logged. */
export interface KafkaOptions {
  /** `host:port` of one or more brokers. */
  readonly brokers: readonly string[]
  /** Consumer group of the outside topics; the mailbox has `<it>.mailbox`. Default `cj_assessment_consumer_group`. */
  readonly groupId?: string
  /** TLS: true for the system's authorities, or PEM texts. */
  readonly ssl?: boolean | { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly rejectUnauthorized?: boolean }
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
    readonly username: string
    readonly password: string
  }
  /** Before every topic name, of the mailbox and of the outside. Default none. */
  readonly topicPrefix?: string
  /** Copies of the mailbox topic; default min(3, brokers). */
  readonly replication?: number
  /** How long the mailbox topic keeps its records, ms; 0 = for ever. Told when the topic is made. Default 14 days. */
  readonly retentionMs?: number
  /** A member that is silent for this long is taken for dead and its partitions go to others, ms. Default 6,000. */
  readonly sessionTimeoutMs?: number
}

export interface KafkaSettings extends Required<Omit<KafkaOptions, 'sasl' | 'ssl' | 'replication'>> {
  readonly ssl: KafkaOptions['ssl']
  readonly sasl: KafkaOptions['sasl']
  readonly replication: number | undefined
}

export const kafkaDefaults = Object.freeze({
  groupId: 'cj_assessment_consumer_group',
  topicPrefix: '',
  retentionMs: 14 * 24 * 3_600_000,
  sessionTimeoutMs: 6_000,
})

/** Fills in the defaults. @throws QuireError `invalid-option`, naming the field and the remedy */
export function kafkaSettings(given: KafkaOptions): KafkaSettings {
  const settings = { ...kafkaDefaults, ssl: undefined, sasl: undefined, replication: undefined, ...given }
  if (settings.brokers.length === 0) {
    throw wrong('brokers', 'is empty; give at least one host:port')
  }
  const broker = settings.brokers.find((each) => !/^[^\s:]+:\d+$|^\[[^\]]+\]:\d+$/.test(each))
  if (broker !== undefined) {
    throw wrong('brokers', `holds '${broker}'; write host:port`)
  }
  if (!/^[A-Za-z0-9._-]+$/.test(settings.groupId)) {
    throw wrong('groupId', `is '${settings.groupId}'; use letters, digits, '.', '_' and '-'`)
  }
  if (!/^[A-Za-z0-9._-]*$/.test(settings.topicPrefix)) {
    throw wrong('topicPrefix', `is '${settings.topicPrefix}'; use letters, digits, '.', '_' and '-'`)
  }
  if (!Number.isInteger(settings.sessionTimeoutMs) || settings.sessionTimeoutMs < 1_000) {
    throw wrong('sessionTimeoutMs', `is ${settings.sessionTimeoutMs}; give an integer of at least 1000`)
  }
  return Object.freeze(settings)
}

function wrong(field: string, what: string): QuireError {
  return new QuireError('invalid-option', `kafka.${field} ${what}`, { details: { field: `kafka.${field}` } })
}

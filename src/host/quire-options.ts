import { batchActor } from '../batch/batch.actor.ts'
import type { Content, Judge } from '../batch/judge.ts'
import type { KafkaOptions } from '../kafka/options.ts'
import type { PgPool } from '../persistence/dialect.ts'
import type { QuireOptions } from '../quire.ts'
import { QuireError } from '../runtime/errors.ts'
import { batchSettingsOf } from './batch-settings.ts'
import type { ServiceSettings } from './settings.ts'

const dayMs = 24 * 3_600_000

/** What no setting can say. */
interface Given {
  readonly judge: Judge
  readonly content: Content
  readonly pool?: PgPool
}

/** The service's settings as options of its Quire. @throws QuireError `invalid-option` when no place for data is named */
export function quireOptionsOf(settings: ServiceSettings, { content, judge, pool }: Given): QuireOptions {
  const kafka = kafkaOptionsOf(settings)
  return {
    database: pool === undefined ? databaseOf(settings) : { pool },
    schema: settings.databaseSchema,
    preparedStatements: settings.preparedStatements,
    partitions: settings.mailboxPartitions,
    retentionMs: settings.retentionDays * dayMs,
    ...(settings.archiveDir === undefined ? {} : { archiveDir: settings.archiveDir }),
    mailboxRetentionMs: settings.mailboxRetentionDays * dayMs,
    monitorIntervalMs: settings.monitorIntervalSeconds * 1_000,
    outboxPollMs: settings.outboxPollSeconds * 1_000,
    actors: { batch: batchActor({ judge, content, settings: batchSettingsOf(settings) }) },
    ...(kafka === undefined ? {} : { kafka }),
  }
}

function databaseOf({ databaseUrl, dataDir }: ServiceSettings): QuireOptions['database'] {
  if (databaseUrl !== undefined) {
    return databaseUrl
  }
  if (dataDir === undefined) {
    throw new QuireError(
      'invalid-option',
      'no place for data is named; set QUIRE_DATABASE_URL, or QUIRE_DATA_DIR for an embedded Postgres',
      {
        details: { field: 'QUIRE_DATABASE_URL' },
      },
    )
  }
  return { dataDir }
}

/** How the brokers are reached; undefined when none is named. */
export function kafkaOptionsOf(settings: ServiceSettings): KafkaOptions | undefined {
  const { kafkaBrokers, kafkaSaslMechanism: mechanism, kafkaSaslUsername: username, kafkaSaslPassword: password } = settings
  if (kafkaBrokers === undefined) {
    return undefined
  }
  return {
    brokers: kafkaBrokers,
    groupId: settings.kafkaGroupId,
    ssl: settings.kafkaSsl,
    topicPrefix: settings.topicPrefix ?? '',
    retentionMs: settings.mailboxRetentionDays * dayMs,
    ...(mechanism === undefined || username === undefined || password === undefined ? {} : { sasl: { mechanism, username, password } }),
  }
}

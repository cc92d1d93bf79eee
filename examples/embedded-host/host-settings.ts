import type { BatchSettings, KafkaOptions, RuntimeOptions } from '../../src/index.ts'

/** What the host reads from its environment. */
export interface HostSettings {
  readonly name: string
  readonly database: string
  readonly kafka: KafkaOptions
  readonly judgeUrl: string
  readonly contentUrl: string
  /** Where the judge sends its verdicts. */
  readonly callbackTopic: string
  readonly runtime: Partial<RuntimeOptions>
  readonly batch: Partial<BatchSettings>
}

/** @throws Error naming every variable that is missing or is no number */
export function hostSettings(env: NodeJS.ProcessEnv): HostSettings {
  const problems: string[] = []
  const text = (name: string, example: string): string => {
    const value = env[name] ?? ''
    if (value === '') {
      problems.push(`${name} is missing; give e.g. ${example}`)
    }
    return value
  }
  const number = (name: string, factor: number): number | undefined => {
    const value = env[name] === undefined ? undefined : Number(env[name]) * factor
    if (Number.isNaN(value)) {
      problems.push(`${name} is '${env[name]}'; give a number`)
    }
    return value
  }
  const topicPrefix = env['QUIRE_TOPIC_PREFIX'] ?? ''
  const settings: HostSettings = {
    name: env['HOST_NAME'] ?? `host-${process.pid}`,
    database: text('QUIRE_DATABASE_URL', 'postgres://user:password@localhost:5432/quire'),
    kafka: {
      brokers: text('QUIRE_KAFKA_BROKERS', 'localhost:9092').split(','),
      topicPrefix,
      ...given({ groupId: env['QUIRE_KAFKA_GROUP_ID'], sessionTimeoutMs: number('QUIRE_KAFKA_SESSION_TIMEOUT_SECONDS', 1_000) }),
    },
    judgeUrl: text('QUIRE_LLM_PROVIDER_SERVICE_URL', 'http://localhost:8080/api/v1'),
    contentUrl: text('QUIRE_CONTENT_SERVICE_URL', 'http://localhost:8001/v1/content'),
    callbackTopic: `${topicPrefix}huleedu.llm_provider.comparison_result.v1`,
    runtime: given({
      partitions: number('QUIRE_MAILBOX_PARTITIONS', 1),
      monitorIntervalMs: number('QUIRE_MONITOR_INTERVAL_SECONDS', 1_000),
    }),
    batch: given({ comparisonDeadlineSeconds: number('QUIRE_COMPARISON_DEADLINE_SECONDS', 1) }),
  }
  if (problems.length > 0) {
    throw new Error(`the host cannot start:\n  ${problems.join('\n  ')}`)
  }
  return settings
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Without the fields that are undefined. */
function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>
}

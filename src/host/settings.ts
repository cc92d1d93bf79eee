import { batchingModes } from '../batch/wire/hints.ts'
import { costSettings } from './cost-settings.ts'
import { httpSettings } from './http-settings.ts'
import { retentionSettings } from './retention-settings.ts'
import { choice, decimal, flag, integer, list, type Setting, settingsOf, text, url } from './setting.ts'

const stored = settingsOf('Data')
const kafka = settingsOf('Kafka')
const services = settingsOf('Services of the platform')
const budget = settingsOf('Budget and completion')
const time = settingsOf('Time')
const model = settingsOf('Model')
const process = settingsOf('Process')

const httpUrl = url(['http', 'https'], 'http://HOST:PORT/PATH')
const name = (remedy: string) => text('name', /^[A-Za-z0-9._-]+$/, remedy)
const line = text('text', /^[^\r\n]+$/, 'give one line of text')
const seconds = (least: number) => integer('seconds', least, 31_536_000)

/** Every setting of `quire serve`, in the order of docs/settings.md. The field is the name for embedders. */
export const settingsTable = {
  databaseUrl: stored.optional(url(['postgres', 'postgresql'], 'postgres://USER:PASSWORD@HOST:PORT/DATABASE'), {
    name: 'QUIRE_DATABASE_URL',
    about: 'Where Postgres is. Absent: an embedded Postgres in QUIRE_DATA_DIR.',
    secret: true,
  }),
  dataDir: stored.optional(line, { name: 'QUIRE_DATA_DIR', about: 'Folder of the embedded Postgres, used without QUIRE_DATABASE_URL.' }),
  databaseSchema: stored.given(text('name', /^[a-z_][a-z0-9_]{0,47}$/, 'use lower-case letters, digits and _'), 'quire', {
    name: 'QUIRE_DATABASE_SCHEMA',
    about: 'Schema of all tables: several services may share a database.',
  }),
  preparedStatements: stored.given(flag(), 'true', {
    name: 'QUIRE_PREPARED_STATEMENTS',
    about: 'Named statements; switch off behind pgbouncer in transaction mode.',
  }),
  mailboxPartitions: stored.given(integer('partitions', 1, 4_096), '64', {
    name: 'QUIRE_MAILBOX_PARTITIONS',
    about: 'Partitions of the mailbox; fixed when the database is made.',
  }),
  mailboxRetentionDays: stored.given(integer('days', 0, 3_650), '14', {
    name: 'QUIRE_MAILBOX_RETENTION_DAYS',
    about: 'How long messages and their ids are kept; 0 = for ever in the database, 14 days in Kafka. The topic takes it when it is made.',
  }),
  ...retentionSettings,
  kafkaBrokers: kafka.optional(
    list((broker) => /^[^\s:]+:\d{1,5}$|^\[[^\]]+\]:\d{1,5}$/.test(broker), 'host:port, by commas', 'give HOST:PORT,HOST:PORT'),
    {
      name: 'QUIRE_KAFKA_BROKERS',
      about: 'Absent: no Kafka; the mailbox is a table, one process works and others stand by.',
    },
  ),
  kafkaGroupId: kafka.given(name("use letters, digits, '.', '_' and '-'"), 'cj_assessment_consumer_group', {
    name: 'QUIRE_KAFKA_GROUP_ID',
    about: 'Consumer group of the inbound topics; the mailbox has `<it>.mailbox`.',
  }),
  topicPrefix: kafka.optional(name("use letters, digits, '.', '_' and '-'"), {
    name: 'QUIRE_TOPIC_PREFIX',
    about: 'Stands before the name of every topic.',
  }),
  kafkaSsl: kafka.given(flag(), 'false', { name: 'QUIRE_KAFKA_SSL', about: "TLS to the brokers, with the system's authorities." }),
  kafkaSaslMechanism: kafka.optional(choice(['plain', 'scram-sha-256', 'scram-sha-512']), {
    name: 'QUIRE_KAFKA_SASL_MECHANISM',
    about: 'Needs the user name and the password too.',
  }),
  kafkaSaslUsername: kafka.optional(line, { name: 'QUIRE_KAFKA_SASL_USERNAME', about: 'User name for the brokers.' }),
  kafkaSaslPassword: kafka.optional(line, { name: 'QUIRE_KAFKA_SASL_PASSWORD', about: 'Password for the brokers.', secret: true }),
  ...httpSettings,
  contentServiceUrl: services.optional(httpUrl, {
    name: 'QUIRE_CONTENT_SERVICE_URL',
    about: 'Where texts are fetched and stored: `GET {it}/{storage id}`, `POST {it}`. Needed.',
  }),
  llmProviderServiceUrl: services.optional(httpUrl, {
    name: 'QUIRE_LLM_PROVIDER_SERVICE_URL',
    about: 'Where comparisons are posted: `POST {it}/comparison`. Needed.',
  }),
  llmPostConcurrency: services.given(integer('posts', 1, 1_000), '3', {
    name: 'QUIRE_LLM_POST_CONCURRENCY',
    about: 'Posts under way in the process.',
  }),
  maxConcurrentComparisons: services.given(integer('posts', 1, 10_000), '100', {
    name: 'QUIRE_MAX_CONCURRENT_COMPARISONS',
    about: 'Posts under way for one batch.',
  }),
  maxPairwiseComparisons: budget.given(integer('comparisons', 1, 1_000_000), '120', {
    name: 'QUIRE_MAX_PAIRWISE_COMPARISONS',
    about: 'Budget of a batch that names none: a ceiling, not an obligation.',
  }),
  maxComparisonsCeiling: budget.optional(integer('comparisons', 1, 1_000_000), {
    name: 'QUIRE_MAX_COMPARISONS_CEILING',
    about: 'Hard limit, also for requests that name a budget. Absent: QUIRE_MAX_PAIRWISE_COMPARISONS.',
  }),
  // The result names each in some 270 bytes, and a broker takes a megabyte by default.
  maxEssays: budget.given(integer('essays', 1, 3_000), '2000', { name: 'QUIRE_MAX_ESSAYS', about: 'Essays of one batch.' }),
  ...costSettings,
  maxIterations: budget.given(integer('waves', 0, 100_000), '0', { name: 'QUIRE_MAX_ITERATIONS', about: '0 = no limit.' }),
  minComparisonsForStability: budget.given(integer('comparisons', 1, 1_000_000), '12', {
    name: 'QUIRE_MIN_COMPARISONS_FOR_STABILITY_CHECK',
    about: 'Verdicts below which nothing is called stable; never more than there are pairs.',
  }),
  scoreStabilityThreshold: budget.given(decimal('logits', 0, 10), '0.025', {
    name: 'QUIRE_SCORE_STABILITY_THRESHOLD',
    about: 'Largest change of a score that counts as none.',
  }),
  minSuccessRate: budget.given(decimal('share', 0.01, 1), '0.8', {
    name: 'QUIRE_MIN_SUCCESS_RATE_THRESHOLD',
    about: 'Share of comparisons that must have a verdict.',
  }),
  smallNetSize: budget.given(integer('essays', 2, 60), '10', {
    name: 'QUIRE_MIN_RESAMPLING_NET_SIZE',
    about: 'The largest batch that is still called small.',
  }),
  passesForSmallNet: budget.given(integer('passes', 0, 100), '4', {
    name: 'QUIRE_MAX_RESAMPLING_PASSES_FOR_SMALL_NET',
    about: 'Repetitions of its pairs, for a request that names a budget.',
  }),
  passesForRegularNet: budget.given(integer('passes', 0, 100), '1', {
    name: 'QUIRE_MAX_RESAMPLING_PASSES_FOR_REGULAR_BATCH',
    about: 'Repetitions of the pairs of a batch that is not small.',
  }),
  maxRetryAttempts: budget.given(integer('retries', 0, 60), '3', {
    name: 'QUIRE_MAX_RETRY_ATTEMPTS',
    about: 'Retries of one failed comparison.',
  }),
  pairGenerationSeed: budget.optional(line, {
    name: 'QUIRE_PAIR_GENERATION_SEED',
    about: "Mixed into every batch's own seed.",
  }),
  providerPatienceSeconds: time.given(seconds(0), '900', {
    name: 'QUIRE_PROVIDER_PATIENCE_SECONDS',
    about: 'How long a batch waits for a service that is away before its posts count as failed, or for a text it refuses; 0 = off.',
  }),
  comparisonDeadlineSeconds: time.given(seconds(0), '600', {
    name: 'QUIRE_COMPARISON_DEADLINE_SECONDS',
    about: 'From the acceptance of a comparison to its verdict; 0 = off.',
  }),
  batchTimeoutSeconds: time.given(seconds(1), '14400', {
    name: 'QUIRE_BATCH_TIMEOUT_SECONDS',
    about: 'Silence after which a batch recovers by itself.',
  }),
  monitorIntervalSeconds: time.given(seconds(0), '300', {
    name: 'QUIRE_MONITOR_INTERVAL_SECONDS',
    about: 'Rounds of the monitor, which recovers, trims and archives; 0 = off, and no batch completes later.',
  }),
  outboxPollSeconds: time.given(seconds(1), '5', {
    name: 'QUIRE_OUTBOX_POLL_SECONDS',
    about: 'A look into the outbox without a reason; commits wake it.',
  }),
  shutdownSeconds: time.given(seconds(0), '20', {
    name: 'QUIRE_SHUTDOWN_SECONDS',
    about: 'What SIGTERM leaves to requests and tasks under way.',
  }),
  defaultProvider: model.given(choice(['anthropic', 'openai', 'google', 'openrouter', 'mock']), 'openai', {
    name: 'QUIRE_DEFAULT_LLM_PROVIDER',
    about: 'For requests that name none.',
  }),
  defaultModel: model.given(line, 'gpt-5.1', { name: 'QUIRE_DEFAULT_LLM_MODEL', about: 'For requests that name none.' }),
  defaultTemperature: model.given(decimal('', 0, 2), '0.1', {
    name: 'QUIRE_DEFAULT_LLM_TEMPERATURE',
    about: 'For requests that name none.',
  }),
  defaultMaxTokens: model.given(integer('tokens', 1, 1_000_000), '1000', {
    name: 'QUIRE_DEFAULT_LLM_MAX_TOKENS',
    about: 'Most tokens of an answer, where a request names no other.',
  }),
  batchingMode: model.given(choice(batchingModes), 'serial_bundle', {
    name: 'QUIRE_LLM_BATCHING_MODE',
    about: 'For requests that name none. provider_batch_api (openai, anthropic): all comparisons in one wave, and no other.',
  }),
  logLevel: process.given(choice(['debug', 'info', 'warn', 'error', 'silent']), 'info', {
    name: 'QUIRE_LOG_LEVEL',
    about: 'Least level of the log: JSON lines on standard output.',
  }),
  environment: process.given(name("use letters, digits, '.', '_' and '-'"), 'production', {
    name: 'QUIRE_ENVIRONMENT',
    about: 'Shown by `/healthz`.',
  }),
} as const

type Table = typeof settingsTable

/** All settings, read and checked. */
export type ServiceSettings = { readonly [K in keyof Table]: Table[K] extends Setting<infer T> ? T : never }

import type { Logger as PinoLogger } from 'pino'
import type { Registry } from 'prom-client'
import type { Content, Judge } from '../batch/judge.ts'
import type { PgPool } from '../persistence/dialect.ts'
import { createQuire, type Quire } from '../quire.ts'
import type { Logger } from '../runtime/ports.ts'
import { silentLogger, systemClock, systemIds } from '../runtime/system.ts'
import type { Tracing } from '../runtime/tracing.ts'
import { batchSettingsOf } from './batch-settings.ts'
import { answerRequests } from './cli/owner-requests.ts'
import { storedOf } from './cli/stored.ts'
import { guardDailyCost } from './daily-cost-guard.ts'
import { createHealth, type HealthReport } from './health.ts'
import type { Api } from './http/api.ts'
import { createApi } from './http/server.ts'
import { followBatches } from './metrics/batch-follower.ts'
import { createMetrics } from './metrics/metrics.ts'
import { openTelemetry } from './open-telemetry.ts'
import { quireOptionsOf } from './quire-options.ts'
import { completeSettings } from './read-settings.ts'
import { urlOf } from './service-url.ts'
import type { ServiceSettings } from './settings.ts'

export interface BatchServiceOptions {
  /** What differs from the defaults of docs/settings.md, by the names of `ServiceSettings`. */
  readonly settings: Partial<ServiceSettings>
  readonly judge: Judge
  readonly content: Content
  /** Postgres by a pool of the host (of `pg`), which ends it itself; instead of `databaseUrl` and `dataDir`. */
  readonly pool?: PgPool
  /** The host's prom-client registry: one service a registry. Default: one of its own, with prom-client's metrics of the process. */
  readonly registry?: Registry
  /** Default: says nothing. */
  readonly logger?: Logger | PinoLogger
  /** Default: OpenTelemetry's global tracer provider, which records nothing until the host registers one. */
  readonly tracing?: Tracing
}

/** Batches as a service: the runtime with its HTTP interface and its metrics. It handles no signals and keeps no global state. */
export interface BatchService {
  /** The runtime, for calls that need no HTTP. */
  readonly quire: Quire
  /** Where it listens; known once `start` has resolved. */
  readonly url: string
  /** Listens, and runs or waits for its servers. @throws when the port cannot be had */
  start(): Promise<void>
  health(): Promise<HealthReport>
  /** Not ready any more, and takes nothing new over HTTP; resolves when what was taken is handled, false if `timeoutMs` passed first. */
  drain(options?: { readonly timeoutMs?: number }): Promise<boolean>
  /** Ends requests, streams and tasks within `drainMs` (20,000), hands the partitions over. Repeated calls wait for the first. */
  stop(options?: { readonly drainMs?: number }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Puts a service together; several may live in a process, told apart by schema, topic prefix and port.
 * @throws QuireError `invalid-option` with every problem of the settings at once; of a data folder, as `createQuire`
 */
export async function createBatchService(options: BatchServiceOptions): Promise<BatchService> {
  const settings = completeSettings(options.settings)
  const log = options.logger ?? silentLogger
  const tracing = options.tracing ?? openTelemetry()
  const quire = await createQuire({ ...quireOptionsOf(settings, options), logger: log, tracing })
  quire.onRequest(answerRequests(quire))
  try {
    return new RunningService(quire, settings, options, log)
  } catch (error) {
    // A registry that is taken: the folder's lock must not stay.
    await quire.stop()
    throw error
  }
}

class RunningService implements BatchService {
  readonly quire: Quire
  readonly #settings: ServiceSettings
  readonly #content: Content
  readonly #log: Logger
  readonly #health
  readonly #metrics
  readonly #stopping = new AbortController()
  #app: Api | undefined
  #following: Promise<unknown> = Promise.resolve()
  #isDraining = false
  #stopped: Promise<void> | undefined

  constructor(quire: Quire, settings: ServiceSettings, { content, registry }: BatchServiceOptions, log: Logger) {
    this.quire = quire
    this.#settings = settings
    this.#content = content
    this.#log = log
    const { environment } = settings
    this.#health = createHealth({ quire, clock: systemClock, environment, isDraining: () => this.#isDraining })
    this.#metrics = createMetrics({ quire, health: this.#health, clock: systemClock }, registry)
  }

  get url(): string {
    if (this.#app === undefined) {
      throw new Error('the service does not listen yet')
    }
    return urlOf(this.#app)
  }

  async start(): Promise<void> {
    const { httpHost, httpPort, apiToken, apiTokenName, httpBodyLimitBytes, httpRatePerMinute, httpTrustedProxies } = this.#settings
    this.#app = await createApi(this.#parts(), {
      token: apiToken,
      tokenName: apiTokenName,
      bodyLimitBytes: httpBodyLimitBytes,
      ratePerMinute: httpRatePerMinute,
      trustedProxies: httpTrustedProxies,
    })
    await this.#app.listen({ host: httpHost, port: httpPort })
    await this.quire.start()
    const { quire, url } = this
    const follower = { quire, metrics: this.#metrics.batches, clock: systemClock, log: this.#log }
    const { mailboxPartitions: partitions, maxDailyCostUsd: capUsd } = this.#settings
    const guarding = guardDailyCost({ ...follower, partitions, capUsd }, this.#stopping.signal)
    this.#following = Promise.all([followBatches(follower, this.#stopping.signal), guarding])
    this.#log.info({ url }, 'quire serves')
  }

  #parts() {
    return {
      quire: this.quire,
      stored: storedOf(this.quire),
      batchSettings: batchSettingsOf(this.#settings),
      content: this.#content,
      health: this.#health,
      metrics: this.#metrics,
      log: this.#log,
      clock: systemClock,
      ids: systemIds,
      mostStreams: this.#settings.httpStreams,
      stopping: this.#stopping.signal,
      isDraining: () => this.#isDraining,
    }
  }

  health(): Promise<HealthReport> {
    return this.#health.report()
  }

  async drain(options: { readonly timeoutMs?: number } = {}): Promise<boolean> {
    this.#isDraining = true
    return await this.quire.whenIdle(options).then(
      () => true,
      () => false,
    )
  }

  stop(options: { readonly drainMs?: number } = {}): Promise<void> {
    this.#stopped ??= this.#stop(options.drainMs ?? this.#settings.shutdownSeconds * 1_000)
    return this.#stopped
  }

  /** Reverse of the start: nothing new is taken, open answers get their time, then the runtime ends, and whoever followed it. */
  async #stop(drainMs: number): Promise<void> {
    this.#isDraining = true
    this.#stopping.abort()
    const began = systemClock.now()
    await this.#closeHttp(drainMs)
    await this.quire.stop({ drainMs: Math.max(0, drainMs - (systemClock.now() - began)) })
    await this.#following
    this.#log.info({}, 'quire has stopped')
  }

  async #closeHttp(drainMs: number): Promise<void> {
    const app = this.#app
    if (app === undefined) {
      return
    }
    const cancel = systemClock.schedule(drainMs, () => app.server.closeAllConnections())
    await app.close().finally(cancel)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

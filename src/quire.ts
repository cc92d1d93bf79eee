import type { KafkaOptions } from './kafka/options.ts'
import { kafkaPorts } from './kafka/kafka-ports.ts'
import { createArchiveFolder } from './persistence/archive-folder.ts'
import { type Database, openPGlite, openPostgres } from './persistence/database.ts'
import type { PgPool } from './persistence/dialect.ts'
import { type FolderLock, lockFolder } from './persistence/folder-lock.ts'
import { createTableMailbox } from './persistence/mailbox/table-mailbox.ts'
import { createTableOwnership } from './persistence/ownership.ts'
import { createStore } from './persistence/store.ts'
import { type Upkeep, upkeepOf } from './persistence/upkeep.ts'
import type { ActorDefinition } from './runtime/define-actor.ts'
import { QuireError } from './runtime/errors.ts'
import { localPublisher, type OutboundEvent } from './runtime/local-publisher.ts'
import { type RuntimeOptions, runtimeDefaults } from './runtime/options.ts'
import type { Clock, Ids, Logger, Ownership, Random } from './runtime/ports.ts'
import { createRuntime } from './runtime/runtime.ts'
import type { Runtime, RuntimePorts } from './runtime/runtime-api.ts'
import { silentLogger, systemClock, systemIds, systemRandom } from './runtime/system.ts'
import type { Tracing } from './runtime/tracing.ts'
import { createMemoryDatabase } from './testing/memory-database.ts'
import { createMemoryMailbox } from './testing/memory-mailbox.ts'
import { createMemoryOwnership } from './testing/memory-ownership.ts'
import { createMemoryStore } from './testing/memory-store.ts'

/** How a Quire is put together. Durations are in ms; the other runtime settings are those of `RuntimeOptions`. */
export interface QuireOptions extends Partial<RuntimeOptions> {
  /** `postgres://...`, a pool of the host (which ends it), a data folder (an embedded Postgres), or `memory:` for tests. */
  readonly database: string | { readonly pool: PgPool } | { readonly dataDir: string }
  /** Absent: the mailbox is a table, one owner at a time, others stand by. */
  readonly kafka?: KafkaOptions
  /** False: a client that sends, asks and reads, while other processes own the partitions. Default true. */
  readonly owns?: boolean
  /** Actor types by name, the part of an address before the slash. */
  readonly actors: Readonly<Record<string, ActorDefinition>>
  /** Takes outputs until it resolves, in order per key, at least once. Absent: they are kept in the database. Not with Kafka, which takes them itself. */
  readonly onEvent?: (event: OutboundEvent) => Promise<void> | void
  /** Folder where actors are archived before retention deletes them; needed with `retentionMs` or an actor's `retentionDays`. */
  readonly archiveDir?: string
  /** Schema of Quire's tables. Default `quire`. */
  readonly schema?: string
  /** Named statements; switch off behind pgbouncer in transaction mode. Default true. */
  readonly preparedStatements?: boolean
  readonly logger?: Logger
  /** Spans, e.g. `openTelemetry()`. Absent: none are made, but trace contexts are handed on. */
  readonly tracing?: Tracing
  readonly clock?: Clock
  readonly ids?: Ids
  readonly random?: Random
}

/** A runtime, and the data folder's socket where there is one. */
export interface Quire extends Runtime {
  /** Answers other processes that ask the owner of this data folder; without effect on a server. */
  onRequest(handler: (request: Readonly<Record<string, unknown>>) => Promise<unknown>): void
  /** What the doctor looks at; undefined for `memory:`. */
  readonly upkeep: Upkeep | undefined
}

/**
 * Puts a Quire together: options -> adapters -> runtime. A Postgres that is away is no error: `start` resolves and `status`
 * says what is waited for.
 * @throws QuireError `invalid-option`, `invalid-definition`; of a data folder `folder-in-use`, `folder-newer`, `folder-unwritable`
 */
export async function createQuire(options: QuireOptions): Promise<Quire> {
  if (options.kafka !== undefined && (options.onEvent !== undefined || options.database === 'memory:')) {
    const field = options.onEvent === undefined ? 'database' : 'onEvent'
    throw new QuireError('invalid-option', `${field} cannot be used with kafka; leave one of them out`, { details: { field } })
  }
  const terms = [options.retentionMs, ...Object.values(options.actors).map(({ retentionDays }) => retentionDays)]
  if (terms.some((term = 0) => term > 0) && options.archiveDir === undefined) {
    throw new QuireError(
      'invalid-option',
      'retention deletes what was archived; name an archiveDir, or leave out retentionMs and retentionDays',
      {
        details: { field: 'archiveDir' },
      },
    )
  }
  const world: World = {
    clock: options.clock ?? systemClock,
    ids: options.ids ?? systemIds,
    random: options.random ?? systemRandom,
    logger: options.logger ?? silentLogger,
    publisher: localPublisher(options.onEvent),
    ...(options.tracing === undefined ? {} : { tracing: options.tracing }),
    ...(options.archiveDir === undefined ? {} : { archive: createArchiveFolder(options.archiveDir) }),
  }
  if (options.database === 'memory:') {
    return withoutFolder(createRuntime(options.actors, { ...world, ...memoryPorts(world.clock) }, runtimeSettings(options)), undefined)
  }
  if (typeof options.database === 'object' && 'dataDir' in options.database) {
    return await embedded(options, options.database.dataDir, world)
  }
  const database = postgres(options, serverOf(options.database), world.clock)
  const runtime = createRuntime(options.actors, { ...world, ...portsOn(database, options, world) }, runtimeSettings(options))
  return withoutFolder(runtime, upkeepOf(database, world.clock))
}

type World = Omit<RuntimePorts, 'store' | 'mailbox' | 'ownership'>

/** The folder is locked before its database is opened, and unlocked after it was closed. */
async function embedded(options: QuireOptions, dataDir: string, world: World): Promise<Quire> {
  const lock = await lockFolder(dataDir)
  try {
    const database = await openPGlite({ dataDir: lock.databaseDir, schema: schemaOf(options), clock: world.clock })
    const runtime = createRuntime(options.actors, { ...world, ...portsOn(database, options, world) }, runtimeSettings(options))
    return withFolder(runtime, upkeepOf(database, world.clock), lock)
  } catch (error) {
    await lock.release()
    throw error
  }
}

function withoutFolder(runtime: Runtime, upkeep: Upkeep | undefined): Quire {
  return { ...runtime, upkeep, onRequest: () => {} }
}

function withFolder(runtime: Runtime, upkeep: Upkeep, lock: FolderLock): Quire {
  const stop = async (options?: { readonly drainMs?: number }): Promise<void> => {
    await runtime.stop(options)
    await lock.release()
  }
  return { ...runtime, upkeep, onRequest: lock.onRequest, stop, [Symbol.asyncDispose]: stop }
}

/** @throws QuireError `invalid-option` for a text that is no URL of a Postgres */
function serverOf(database: string | { readonly pool: PgPool }): string | PgPool {
  if (typeof database === 'string' && !/^postgres(ql)?:\/\//.test(database)) {
    throw new QuireError(
      'invalid-option',
      `database is '${database.slice(0, 20)}...'; give postgres://..., { pool }, { dataDir } or 'memory:'`,
      { details: { field: 'database' } },
    )
  }
  return typeof database === 'string' ? database : database.pool
}

function postgres(options: QuireOptions, server: string | PgPool, clock: Clock): Database {
  return openPostgres({
    server,
    schema: schemaOf(options),
    clock,
    ...(options.preparedStatements === undefined ? {} : { preparedStatements: options.preparedStatements }),
    ...(options.owner === undefined ? {} : { applicationName: options.owner }),
  })
}

function schemaOf(options: QuireOptions): string {
  return options.schema ?? 'quire'
}

/** Of a client: it stands by for ever. */
const noOwnership: Ownership = { start: (listener) => listener.standby(undefined), stop: async () => {} }

/** State in the database; the log in Kafka where it is configured, else in the database too. */
function portsOn(
  database: Database,
  options: QuireOptions,
  { clock, random, logger }: World,
): Pick<RuntimePorts, 'store' | 'mailbox' | 'ownership'> & Partial<RuntimePorts> {
  const partitions = options.partitions ?? runtimeDefaults.partitions
  const store = createStore(database, clock)
  if (options.kafka !== undefined) {
    const maxMessageBytes = options.maxMessageBytes ?? runtimeDefaults.maxMessageBytes
    const ports = kafkaPorts(options.kafka, { clock, logger, partitions, maxMessageBytes, clientId: options.owner ?? 'quire' })
    const { inbound: _, ...ofClient } = ports
    return options.owns === false ? { store, ...ofClient, ownership: noOwnership } : { store, ...ports }
  }
  return {
    store,
    mailbox: createTableMailbox(database, partitions, clock),
    ownership: options.owns === false ? noOwnership : createTableOwnership({ database, partitions, clock, random }),
  }
}

function memoryPorts(clock: Clock): Pick<RuntimePorts, 'store' | 'mailbox' | 'ownership'> {
  const database = createMemoryDatabase()
  return {
    store: createMemoryStore(database, clock),
    mailbox: createMemoryMailbox(database, clock),
    ownership: createMemoryOwnership(database),
  }
}

/** The runtime's own settings among the options. */
function runtimeSettings(options: QuireOptions): Partial<RuntimeOptions> {
  const names = [...Object.keys(runtimeDefaults), 'owner'] as (keyof RuntimeOptions)[]
  return Object.fromEntries(names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]))
}

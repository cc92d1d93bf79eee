import { clientPorts } from '../kafka/client-ports.ts'
import { kafkaSettings } from '../kafka/options.ts'
import type { ActorDefinition, Json } from '../runtime/define-actor.ts'
import { localPublisher, type OutboundEvent } from '../runtime/local-publisher.ts'
import { type RuntimeOptions, runtimeDefaults } from '../runtime/options.ts'
import type { Clock, Logger, Publisher } from '../runtime/ports.ts'
import { createRuntime } from '../runtime/runtime.ts'
import type { Runtime } from '../runtime/runtime-api.ts'
import { silentLogger } from '../runtime/system.ts'
import { createMemoryDatabase, type MemoryDatabase } from './memory-database.ts'
import { MemoryKafka } from './memory-kafka.ts'
import { createMemoryMailbox } from './memory-mailbox.ts'
import { createMemoryOwnership } from './memory-ownership.ts'
import { createMemoryStore } from './memory-store.ts'
import { seededIds, seededRandom } from './seeded.ts'
import { settlePromises, SimulatedClock } from './simulated-clock.ts'

export interface ScenarioOptions extends Partial<RuntimeOptions> {
  readonly actors: Readonly<Record<string, ActorDefinition>>
  readonly seed?: string
  readonly logger?: Logger
  /** A database and clock of an earlier scenario, to go on from. */
  readonly database?: MemoryDatabase
  readonly clock?: SimulatedClock
  /** True: the log is a Kafka in memory, with outside topics; its members need some 100 ms of virtual time to join. Default false: a table. */
  readonly kafka?: boolean
}

/** A runtime in memory on virtual time: weeks of timers run in milliseconds, on the production code path. */
export interface Scenario {
  readonly clock: SimulatedClock
  readonly database: MemoryDatabase
  /** The running process; `restart` makes another. */
  runtime(): Runtime
  /** Outputs in the order they left, duplicates included. */
  readonly published: readonly OutboundEvent[]
  /** The cluster of a scenario with `kafka`; without it nothing reads from it. */
  readonly kafka: MemoryKafka
  /** Moves time, running everything that comes due. */
  advance(ms: number): Promise<void>
  /** Runs everything that waits for no time. */
  settle(): Promise<void>
  /** Stops this process and starts another on the same database. */
  restart(): Promise<void>
  /** This process loses its hold without a word, as by SIGKILL, and another starts on the same database; not with `kafka`. */
  crash(): Promise<void>
  stop(): Promise<void>
}

/** Starts a scenario. Its result depends on the options alone. */
export async function createScenario(given: ScenarioOptions): Promise<Scenario> {
  const { actors, seed = 'scenario', kafka: onKafka = false, ...rest } = given
  const { logger = silentLogger, clock = new SimulatedClock(), database = createMemoryDatabase(), ...options } = rest
  const published: OutboundEvent[] = []
  const kafka = new MemoryKafka({ clock, random: seededRandom(seed) })
  const runtimeOptions = { partitions: 4, outboxPollMs: 3_600_000, probeMs: 0, ...options }
  let life = 0
  const boot = async (): Promise<Runtime> => {
    life += 1
    const ports = {
      store: createMemoryStore(database, clock),
      mailbox: createMemoryMailbox(database, clock),
      ownership: createMemoryOwnership(database),
      publisher: localPublisher((event) => void published.push(event)),
      ...(onKafka ? kafkaPortsOf(kafka, `process-${life}`, { ...runtimeOptions, clock, logger }, published) : {}),
      clock,
      ids: seededIds(`${seed}-${life}`),
      random: seededRandom(`${seed}-${life}`),
      logger,
    }
    const runtime = createRuntime(actors, ports, runtimeOptions)
    await runtime.start()
    return runtime
  }
  let runtime = await boot()
  const stopNow = async (): Promise<void> => {
    const stopping = runtime.stop({ drainMs: 0 })
    await clock.advance(1_000)
    await stopping
  }
  return {
    clock,
    database,
    runtime: () => runtime,
    published,
    kafka,
    advance: (ms) => clock.advance(ms),
    settle: settlePromises,
    async restart() {
      await stopNow()
      runtime = await boot()
    },
    async crash() {
      database.owners.length = 0
      runtime = await boot()
    },
    stop: stopNow,
  }
}

interface KafkaParts {
  readonly clock: Clock
  readonly logger: Logger
  readonly partitions: number
  readonly maxMessageBytes?: number
}

/** The ports that Kafka implements, on the cluster in memory; what it published is noted. */
function kafkaPortsOf(kafka: MemoryKafka, process: string, parts: KafkaParts, published: OutboundEvent[]) {
  const { maxMessageBytes = runtimeDefaults.maxMessageBytes } = parts
  const ports = clientPorts(kafka.client(process), kafkaSettings({ brokers: ['memory:9092'] }), { ...parts, maxMessageBytes })
  const publisher: Publisher = {
    async publish(rows) {
      const outcome = await ports.publisher.publish(rows)
      const durable = new Set(outcome.durable)
      for (const { id, target, key, payload, address } of rows.filter((row) => durable.has(row.id))) {
        published.push({ id, topic: target, key, payload: JSON.parse(payload) as Json, address })
      }
      return outcome
    },
  }
  return { ...ports, publisher }
}

import type { ActorDefinition } from '../runtime/define-actor.ts'
import { localPublisher, type OutboundEvent } from '../runtime/local-publisher.ts'
import type { RuntimeOptions } from '../runtime/options.ts'
import type { Logger } from '../runtime/ports.ts'
import { createRuntime } from '../runtime/runtime.ts'
import type { Runtime } from '../runtime/runtime-api.ts'
import { silentLogger } from '../runtime/system.ts'
import { createMemoryDatabase, type MemoryDatabase } from './memory-database.ts'
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
}

/** A runtime in memory on virtual time: weeks of timers run in milliseconds, on the production code path. */
export interface Scenario {
  readonly clock: SimulatedClock
  readonly database: MemoryDatabase
  /** The running process; `restart` makes another. */
  runtime(): Runtime
  /** Outputs in the order they left, duplicates included. */
  readonly published: readonly OutboundEvent[]
  /** Moves time, running everything that comes due. */
  advance(ms: number): Promise<void>
  /** Runs everything that waits for no time. */
  settle(): Promise<void>
  /** Stops this process and starts another on the same database. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Starts a scenario. Its result depends on the options alone. */
export async function createScenario(given: ScenarioOptions): Promise<Scenario> {
  const { actors, seed = 'scenario', logger, clock = new SimulatedClock(), database = createMemoryDatabase(), ...options } = given
  const published: OutboundEvent[] = []
  let life = 0
  const boot = async (): Promise<Runtime> => {
    life += 1
    const ports = {
      store: createMemoryStore(database, clock),
      mailbox: createMemoryMailbox(database, clock),
      ownership: createMemoryOwnership(database),
      publisher: localPublisher((event) => void published.push(event)),
      clock,
      ids: seededIds(`${seed}-${life}`),
      random: seededRandom(`${seed}-${life}`),
      logger: logger ?? silentLogger,
    }
    const runtime = createRuntime(actors, ports, { partitions: 4, outboxPollMs: 3_600_000, probeMs: 0, ...options })
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
    advance: (ms) => clock.advance(ms),
    settle: settlePromises,
    async restart() {
      await stopNow()
      runtime = await boot()
    },
    stop: stopNow,
  }
}

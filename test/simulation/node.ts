import type { RandomStream } from '../../src/judging/random.ts'
import type { ActorDefinition } from '../../src/runtime/define-actor.ts'
import type { PortServer } from '../../src/runtime/port-failure.ts'
import type { Clock, Store } from '../../src/runtime/ports.ts'
import { createRuntime } from '../../src/runtime/runtime.ts'
import type { Runtime } from '../../src/runtime/runtime-api.ts'
import { silentLogger } from '../../src/runtime/system.ts'
import { seededIds } from '../../src/testing/seeded.ts'
import type { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { type CallFault, outage } from './faults.ts'
import type { LogPorts } from './log-form.ts'

export interface NodeParts {
  readonly name: string
  readonly clock: SimulatedClock
  /** How far this node's clock goes wrong, ms. */
  readonly skewMs: number
  readonly store: Store
  readonly log: (gate: Gate) => LogPorts
  readonly actors: Readonly<Record<string, ActorDefinition>>
  readonly partitions: number
  readonly random: RandomStream
  /** Draws what happens to a call; `crash` is carried out by the node. */
  readonly fault: (server: PortServer) => CallFault
  readonly onCrash: (name: string) => void
}

/** What stands between a process and its world. */
export interface Gate {
  /** The process's own clock: it stands still while the process does. */
  readonly clock: Clock
  /** The port with each method of it a scheduling point. */
  gated<T extends object>(port: T, server: PortServer, direct?: ReadonlySet<string>): T
}

/** One simulated process: the production runtime, every port call of which is a scheduling point. A dead one never gets an answer. */
export class Node implements Gate {
  readonly name: string
  readonly clock: Clock
  readonly runtime: Runtime
  alive = true
  /** Calls and timers of a paused node wait until then. */
  pausedUntil = 0
  readonly #parts: NodeParts

  constructor(parts: NodeParts) {
    this.name = parts.name
    this.#parts = parts
    this.clock = this.#ownClock()
    this.runtime = createRuntime(
      parts.actors,
      {
        store: this.gated(parts.store, 'database', new Set(['subscribe'])),
        ...parts.log(this),
        clock: this.clock,
        ids: seededIds(parts.name),
        random: parts.random,
        logger: silentLogger,
      },
      {
        partitions: parts.partitions,
        owner: parts.name,
        monitorIntervalMs: 0,
        probeMs: 10_000,
        pollLimit: 1 + Math.floor(parts.random.next() * 20),
      },
    )
  }

  crash(): void {
    if (this.alive) {
      this.alive = false
      this.#parts.onCrash(this.name)
    }
  }

  gated<T extends object>(port: T, server: PortServer, direct: ReadonlySet<string> = new Set()): T {
    const entries = Object.entries(port).map(([name, method]: [string, unknown]) => [
      name,
      direct.has(name) || typeof method !== 'function' ? method : (...args: unknown[]) => this.#call(server, () => method(...args)),
    ])
    return Object.fromEntries(entries) as T
  }

  #ownClock(): Clock {
    const { clock, skewMs } = this.#parts
    return { now: () => clock.now() + skewMs, schedule: (ms, call) => clock.schedule(ms, () => this.#whenAwake(call)) }
  }

  /** At once, after the pause, or never. */
  #whenAwake(run: () => void): void {
    const { clock } = this.#parts
    if (this.alive && this.pausedUntil > clock.now()) {
      clock.schedule(this.pausedUntil - clock.now(), () => this.#whenAwake(run))
    } else if (this.alive) {
      run()
    }
  }

  /** A port call: some time later it is carried out, or not, and some time later answered, or not. */
  #call(server: PortServer, carryOut: () => Promise<unknown>): Promise<unknown> {
    const fault = this.#parts.fault(server)
    return new Promise((resolve, reject) => {
      this.#later(fault === 'slow' ? 2_000 : 3, () => {
        if (fault === 'crash-before') {
          this.crash()
        } else if (fault === 'refused') {
          reject(outage(server))
        } else {
          carryOut().then(
            (value) => this.#answer(fault, () => (fault === 'answer-lost' ? reject(outage(server)) : resolve(value))),
            (error: unknown) => this.#answer('none', () => reject(error)),
          )
        }
      })
    })
  }

  #answer(fault: CallFault, settle: () => void): void {
    if (fault === 'crash-after') {
      this.crash()
    } else {
      this.#later(2, settle)
    }
  }

  #later(most: number, run: () => void): void {
    const { clock, random } = this.#parts
    clock.schedule(Math.floor(random.next() * (most + 1)), () => this.#whenAwake(run))
  }
}

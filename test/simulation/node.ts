import type { RandomStream } from '../../src/judging/random.ts'
import type { Clock, Mailbox, Ownership, Publisher, Store } from '../../src/runtime/ports.ts'
import { createRuntime } from '../../src/runtime/runtime.ts'
import type { Runtime } from '../../src/runtime/runtime-api.ts'
import { silentLogger } from '../../src/runtime/system.ts'
import type { ActorDefinition } from '../../src/runtime/define-actor.ts'
import { seededIds } from '../../src/testing/seeded.ts'
import type { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { type CallFault, outage } from './faults.ts'

export interface NodeParts {
  readonly name: string
  readonly clock: SimulatedClock
  readonly store: Store
  readonly mailbox: Mailbox
  readonly publisher: Publisher
  readonly ownership: Ownership
  readonly actors: Readonly<Record<string, ActorDefinition>>
  readonly partitions: number
  readonly random: RandomStream
  /** Draws what happens to a call; `crash` is carried out by the node. */
  readonly fault: (call: string) => CallFault
  readonly onCrash: (name: string) => void
}

/** One simulated process: the production runtime, every port call of which is a scheduling point. A dead one never gets an answer. */
export class Node {
  readonly name: string
  readonly runtime: Runtime
  alive = true
  /** Calls and timers of a paused node wait until then. */
  pausedUntil = 0
  readonly #parts: NodeParts

  constructor(parts: NodeParts) {
    this.name = parts.name
    this.#parts = parts
    const clock = this.#clock()
    this.runtime = createRuntime(
      parts.actors,
      {
        store: this.#gated(parts.store, new Set(['subscribe'])),
        mailbox: this.#gated(parts.mailbox, new Set(['subscribe'])),
        publisher: this.#gated(parts.publisher, new Set()),
        ownership: parts.ownership,
        clock,
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

  #clock(): Clock {
    const { clock } = this.#parts
    const run = (call: () => void): void => {
      if (!this.alive) {
        return
      }
      if (this.pausedUntil > clock.now()) {
        clock.schedule(this.pausedUntil - clock.now(), () => run(call))
      } else {
        call()
      }
    }
    return { now: () => clock.now(), schedule: (ms, call) => clock.schedule(ms, () => run(call)) }
  }

  #gated<T extends object>(port: T, direct: ReadonlySet<string>): T {
    const entries = Object.entries(port).map(([name, method]) => [
      name,
      direct.has(name) || typeof method !== 'function'
        ? method
        : (...args: unknown[]) => this.#call(name, () => (method as (...given: unknown[]) => Promise<unknown>)(...args)),
    ])
    return Object.fromEntries(entries) as T
  }

  /** A port call: some time later it is carried out, or not, and some time later answered, or not. */
  #call(name: string, carryOut: () => Promise<unknown>): Promise<unknown> {
    const fault = this.#parts.fault(name)
    return new Promise((resolve, reject) => {
      this.#later(fault === 'slow' ? 2_000 : 3, () => {
        if (fault === 'crash-before') {
          this.crash()
        } else if (fault === 'refused') {
          reject(outage())
        } else {
          carryOut().then(
            (value) => this.#answer(fault, () => resolve(value), reject),
            (error: unknown) => this.#answer('none', () => reject(error), reject),
          )
        }
      })
    })
  }

  #answer(fault: CallFault, settle: () => void, reject: (error: unknown) => void): void {
    if (fault === 'crash-after') {
      this.crash()
      return
    }
    this.#later(2, () => (fault === 'answer-lost' ? reject(outage()) : settle()))
  }

  #later(most: number, run: () => void): void {
    const { clock, random } = this.#parts
    const go = (): void => {
      if (!this.alive) {
        return
      }
      this.pausedUntil > clock.now() ? void clock.schedule(this.pausedUntil - clock.now(), go) : run()
    }
    clock.schedule(Math.floor(random.next() * (most + 1)), go)
  }
}

import { batchActor } from '../../src/batch/batch.actor.ts'
import type { ComparisonRequest } from '../../src/batch/judge.ts'
import { batchAddress } from '../../src/batch/request.ts'
import { type RandomStream, randomStream } from '../../src/judging/random.ts'
import type { Message } from '../../src/runtime/message.ts'
import type { PortServer } from '../../src/runtime/port-failure.ts'
import type { Store } from '../../src/runtime/ports.ts'
import { createRegistry, type Registry } from '../../src/runtime/registry.ts'
import type { Turn } from '../../src/runtime/turn-rows.ts'
import { createMemoryDatabase } from '../../src/testing/memory-database.ts'
import { createMemoryStore } from '../../src/testing/memory-store.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { lamp } from '../support/machines/lamp.ts'
import { player } from '../support/machines/rally.ts'
import { BrokerForm } from './broker-form.ts'
import { calmOutcome, checkBatch, checkRally, type SimulatedBatch } from './end-checks.ts'
import { type CallFault, drawFault, drawPlan, type FaultPlan, noFaults } from './faults.ts'
import { Invariants } from './invariants.ts'
import { simulatedJudge } from './judge.ts'
import type { LogForm } from './log-form.ts'
import { type Mutation, mutated } from './mutations.ts'
import { Node } from './node.ts'
import { Operator } from './operator.ts'
import { Posts } from './posts.ts'
import { TableForm } from './table-form.ts'

export interface SimulationResult {
  readonly seed: number
  readonly form: LogForm['name']
  /** What was away for longer than deadline and recovery while nothing else went wrong; null in the other seeds. */
  readonly longOutage: LongOutage | null
  readonly violations: readonly string[]
  /** Of all scheduling points; equal for equal seeds. */
  readonly trace: string
  readonly crashes: number
  readonly posts: number
  readonly virtualMs: number
}

export interface SimulationOptions {
  readonly seed: number
  readonly calm?: boolean
  /** A planted fault, to prove that the checks can fail. */
  readonly mutation?: Mutation
}

const longOutages = ['database', 'log', 'both', 'owners'] as const
type LongOutage = (typeof longOutages)[number]

const partitions = 4
const chaosMs = { table: 60_000, broker: 30_000 }
/** A database is away, or a process stands still, for this long at most. */
const mostAwayMs = 40_000
/** Everything must have come to rest by then. */
const restMs = 900_000
/** Deadline and recovery; the second is short in the seeds that outlast it. */
const settingsOf = (isLong: boolean) => ({ comparisonDeadlineSeconds: 20, batchTimeoutSeconds: isLong ? 60 : 3_600 })
const longMs = { least: 70_000, most: 120_000 }

/**
 * Runs one seed: chaos for up to a virtual minute, then everything is healed and the system must come to rest. Even seeds keep the
 * log in a topic, odd ones in a table. Of eight seeds two are calm but for one outage longer than deadline and recovery.
 */
export async function simulate({ seed, calm = false, mutation }: SimulationOptions): Promise<SimulationResult> {
  const world = new World(seed, calm, mutation)
  await world.run()
  return world.result()
}

class World {
  readonly #seed: number
  readonly #random: RandomStream
  readonly #clock = new SimulatedClock(0)
  readonly #database = createMemoryDatabase()
  readonly #invariants = new Invariants()
  readonly #posts = new Posts(this.#invariants)
  readonly #operator = new Operator({
    clock: this.#clock,
    database: this.#database,
    anyRuntime: () => this.#nodes[0]?.runtime,
  })
  readonly #form: LogForm
  readonly #store: Store
  readonly #registry: Registry
  readonly #batches: readonly SimulatedBatch[]
  readonly #longOutage: LongOutage | undefined
  readonly #settings: ReturnType<typeof settingsOf>
  #plan: FaultPlan
  #chaos: boolean
  #nodes: Node[] = []
  #names = 0
  #crashes = 0
  #trace = 0
  #databaseAwayUntil = 0
  #outageEnds: number | undefined

  constructor(seed: number, calm: boolean, mutation: Mutation | undefined) {
    this.#seed = seed
    this.#random = randomStream(`world ${seed}`, 0)
    this.#longOutage = !calm && seed % 8 < 2 ? longOutages[Math.floor(this.#random.next() * longOutages.length)] : undefined
    this.#chaos = !calm && this.#longOutage === undefined
    this.#plan = this.#chaos ? drawPlan(this.#random) : noFaults
    this.#settings = settingsOf(this.#longOutage !== undefined)
    const store = createMemoryStore(this.#database, this.#clock)
    this.#store = this.#watched(mutation === undefined ? store : mutated(store, mutation, this.#database))
    this.#form = this.#formOf(mutation)
    this.#registry = createRegistry(this.#actors())
    this.#batches = Array.from({ length: 2 }, (_, index) => ({ id: `s${seed}-${index}`, n: 2 + Math.floor(this.#random.next() * 3) }))
  }

  #formOf(mutation: Mutation | undefined): LogForm {
    const shared = { clock: this.#clock, database: this.#database, invariants: this.#invariants, partitions, mutation }
    const random = randomStream(`log ${this.#seed}`, 0)
    return this.#seed % 2 === 1
      ? new TableForm({ ...shared, settings: this.#settings })
      : new BrokerForm({ ...shared, random, chaos: () => this.#chaos })
  }

  async run(): Promise<void> {
    await this.#store.open({ partitions, tables: this.#registry.tables })
    const nodes = this.#form.name === 'broker' && this.#random.next() < 0.3 ? 3 : 2
    for (let count = 0; count < nodes; count++) {
      this.#boot()
    }
    this.#workload()
    this.#scheduleTrouble()
    await this.#until(() => this.#clock.now() >= Math.max(chaosMs[this.#form.name], this.#outageEnds ?? 0))
    this.#heal()
    this.#operator.start()
    await this.#until(() => this.#isAtRest() || this.#clock.now() > restMs)
    this.#checkEnd()
  }

  result(): SimulationResult {
    return {
      seed: this.#seed,
      form: this.#form.name,
      longOutage: (this.#outageEnds === undefined ? undefined : this.#longOutage) ?? null,
      violations: this.#invariants.violations,
      trace: (this.#trace >>> 0).toString(16),
      crashes: this.#crashes,
      posts: this.#posts.count,
      virtualMs: this.#clock.now(),
    }
  }

  /** One scheduling point after the other, and all promises settle in between. */
  async #until(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await new Promise((resolve) => setImmediate(resolve))
      if (!this.#clock.runNext()) {
        return
      }
      this.#trace = (Math.imul(this.#trace, 31) + Math.floor(this.#clock.now())) | 0
    }
  }

  #boot(): void {
    const name = `node-${this.#seed}-${++this.#names}`
    const random = randomStream(name, 0)
    const node = new Node({
      name,
      clock: this.#clock,
      skewMs: this.#chaos && random.next() < 0.5 ? Math.round(random.next() * 6_000 - 3_000) : 0,
      store: this.#store,
      log: (gate) => this.#form.portsOf(name, gate),
      actors: this.#actors(),
      partitions,
      random,
      fault: (server) => this.#fault(server),
      onCrash: (dead) => this.#crashed(dead),
    })
    this.#nodes.push(node)
    void node.runtime.start()
  }

  #fault(server: PortServer): CallFault {
    const fault = drawFault(this.#plan, this.#crashes, this.#random)
    const isAway = server === 'database' && this.#databaseAwayUntil > this.#clock.now()
    return isAway && !fault.startsWith('crash') ? 'refused' : fault
  }

  /** Another process is started some time later. */
  #crashed(name: string): void {
    this.#crashes += 1
    this.#nodes = this.#nodes.filter((node) => node.name !== name)
    this.#form.crashed(name)
    this.#clock.schedule(500 + this.#random.next() * 5_000, () => this.#boot())
  }

  #actors() {
    return { batch: this.#batchActor(), lamp, player }
  }

  #batchActor() {
    return batchActor({
      settings: this.#settings,
      content: { fetch: async (storageId) => `text ${storageId}` },
      judge: simulatedJudge({
        seed: String(this.#seed),
        clock: this.#clock,
        chaos: () => this.#chaos,
        deliver: (callback) => this.#sometimesTwice(() => this.#form.callback(callback)),
        onAsked: (comparison) => this.#asked(comparison),
      }),
    })
  }

  #asked(comparison: ComparisonRequest): void {
    this.#posts.asked(comparison.id)
    if (this.#longOutage !== undefined && this.#outageEnds === undefined && this.#posts.comparisons === this.#slots()) {
      this.#beginLongOutage(this.#longOutage)
    }
  }

  /** Comparisons of all batches when nothing goes wrong. */
  #slots(): number {
    return this.#batches.reduce((sum, { n }) => sum + calmOutcome(n).slots, 0)
  }

  /** Begins when everything was asked, while the first verdicts come: the others wait in the log. */
  #beginLongOutage(what: LongOutage): void {
    const lasts = longMs.least + this.#random.next() * (longMs.most - longMs.least)
    const begins = 20 + this.#random.next() * 4_000
    this.#outageEnds = this.#clock.now() + begins + lasts
    this.#clock.schedule(begins, () => {
      if (what === 'database' || what === 'both') {
        this.#databaseAwayUntil = this.#clock.now() + lasts
      }
      if (what === 'log' || what === 'both') {
        this.#form.goAway(lasts)
      }
      if (what === 'owners') {
        for (const node of this.#nodes) {
          this.#pause(node, lasts)
        }
      }
    })
  }

  #sometimesTwice(send: () => void): void {
    send()
    if (this.#chaos && this.#random.next() < 0.1) {
      send()
    }
  }

  #workload(): void {
    const later = (run: () => void): void => void this.#clock.schedule(this.#random.next() * 5_000, () => this.#sometimesTwice(run))
    const send = (message: Message): void => this.#form.send(message)
    for (const { id, n } of this.#batches) {
      later(() => this.#form.request(id, n))
    }
    send({ id: 'c', address: 'lamp/1', kind: 'create', body: '{"litForMs":20000}' })
    later(() => send({ id: 'p', address: 'lamp/1', kind: 'event', body: '{"type":"PRESS"}' }))
    send({ id: 'c', address: 'player/a', kind: 'create', body: '{"partner":"player/b","most":6}' })
    send({ id: 'c', address: 'player/b', kind: 'create', body: '{"partner":"player/a","most":6}' })
    later(() => send({ id: 'serve', address: 'player/a', kind: 'event', body: '{"type":"BALL","count":1}' }))
    later(() => this.#form.sendPoison())
  }

  #scheduleTrouble(): void {
    if (!this.#chaos) {
      return
    }
    const sometime = (run: () => void): void =>
      void this.#clock.schedule(this.#random.next() * chaosMs[this.#form.name], () => this.#chaos && run())
    this.#form.schedule(sometime)
    if (this.#random.next() < 0.5) {
      sometime(() => {
        this.#databaseAwayUntil = this.#clock.now() + this.#random.next() * mostAwayMs
      })
    }
    if (this.#random.next() < 0.5) {
      sometime(() => {
        const [zombie] = this.#nodes
        if (zombie !== undefined) {
          this.#pause(zombie, this.#random.next() * mostAwayMs)
        }
      })
    }
  }

  #pause(node: Node, ms: number): void {
    node.pausedUntil = this.#clock.now() + ms
    this.#form.paused(node.name, ms)
  }

  #heal(): void {
    this.#plan = noFaults
    this.#chaos = false
    this.#databaseAwayUntil = 0
    this.#form.heal()
    for (const node of this.#nodes) {
      node.pausedUntil = 0
    }
  }

  #isAtRest(): boolean {
    const { actors, outbox } = this.#database
    const ended = this.#batches.every(({ id }) => actors.get(batchAddress(id))?.runStatus === 'done')
    const quiet = ended && actors.get('lamp/1')?.state === 'off' && [...outbox.values()].every((row) => row.delivered)
    return quiet && this.#form.isRead(this.#database) && this.#operator.isDone
  }

  #checkEnd(): void {
    if (!this.#isAtRest()) {
      const states = [...this.#database.actors.values()].map((row) => `${row.address}=${row.state}`).join(' ')
      this.#invariants.note('comes to rest', `after ${this.#clock.now()} ms: ${states}`)
    }
    const outputs = this.#form.outputs()
    this.#invariants.atRest(this.#database, this.#registry)
    this.#invariants.published(outputs)
    for (const batch of this.#batches) {
      checkBatch(batch, this.#database, outputs, this.#invariants)
    }
    checkRally(this.#database, this.#invariants)
    if (this.#longOutage !== undefined) {
      this.#posts.checkNoneExtra(this.#slots())
    }
  }

  /** The store all nodes share, with the invariants looking on. */
  #watched(store: Store): Store {
    return {
      ...store,
      claim: async (ids, owner) => {
        const claims = await store.claim(ids, owner)
        for (const claim of claims) {
          this.#invariants.claimed(claim.partition, claim.epoch, owner)
        }
        return claims
      },
      commit: async (turn) => {
        const outcome = await store.commit(turn)
        if (outcome.kind === 'committed') {
          this.#invariants.committed(turn, this.#database)
          this.#noteVerdicts(turn)
        }
        return outcome
      },
    }
  }

  #noteVerdicts({ journal }: Turn): void {
    for (const row of journal) {
      const verdict = row.kind === 'event' ? (JSON.parse(row.event) as { readonly comparison?: string }).comparison : undefined
      if (verdict !== undefined) {
        this.#posts.answered(verdict)
      }
    }
  }
}

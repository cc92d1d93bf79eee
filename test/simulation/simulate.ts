import { batchActor } from '../../src/batch/batch.actor.ts'
import { batchAddress, batchInput } from '../../src/batch/request.ts'
import { randomStream, type RandomStream } from '../../src/judging/random.ts'
import { scoreNet } from '../../src/judging/quality.ts'
import type { BatchScores } from '../../src/machines/batch.machine.ts'
import { localPublisher, type OutboundEvent } from '../../src/runtime/local-publisher.ts'
import { isPortFailure } from '../../src/runtime/port-failure.ts'
import type { Mailbox, Store } from '../../src/runtime/ports.ts'
import { createRegistry, type Registry } from '../../src/runtime/registry.ts'
import type { Message } from '../../src/runtime/message.ts'
import { createMemoryDatabase } from '../../src/testing/memory-database.ts'
import { createMemoryMailbox } from '../../src/testing/memory-mailbox.ts'
import { createMemoryStore } from '../../src/testing/memory-store.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { lamp } from '../support/machines/lamp.ts'
import { player } from '../support/machines/rally.ts'
import { perfect, runJudging } from '../support/judging-loop.ts'
import { drawFault, drawPlan, type FaultPlan, noFaults } from './faults.ts'
import { Invariants } from './invariants.ts'
import { simulatedJudge } from './judge.ts'
import { type Mutation, mutated } from './mutations.ts'
import { Node } from './node.ts'
import { SimulatedLock } from './ownership.ts'

export interface SimulationResult {
  readonly seed: number
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
  /** A planted fault of the store, to prove that the checks can fail. */
  readonly mutation?: Mutation
}

const partitions = 4
const chaosMs = 60_000
/** Everything must have come to rest by then. */
const restMs = 4 * 3_600_000

/** Runs one seed: chaos for a virtual minute, then everything is healed and the system must come to rest. */
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
  readonly #lock = new SimulatedLock(partitions)
  readonly #published: OutboundEvent[] = []
  readonly #store: Store
  readonly #mailbox: Mailbox
  readonly #registry: Registry
  readonly #batches: { readonly id: string; readonly n: number }[]
  #plan: FaultPlan
  #chaos: boolean
  #nodes: Node[] = []
  #names = 0
  #crashes = 0
  #posts = 0
  #trace = 0
  #databaseAwayUntil = 0

  constructor(seed: number, calm: boolean, mutation: Mutation | undefined) {
    this.#seed = seed
    this.#random = randomStream(`world ${seed}`, 0)
    this.#plan = calm ? noFaults : drawPlan(this.#random)
    this.#chaos = !calm
    const store = createMemoryStore(this.#database, this.#clock)
    const mailbox = createMemoryMailbox(this.#database, this.#clock)
    this.#store = this.#watched(mutation === undefined ? store : mutated(store, mutation, this.#database))
    this.#mailbox = this.#watchedMailbox(mailbox, mutation === 'lose-message')
    this.#registry = createRegistry(this.#actorsOf('nobody'))
    this.#batches = Array.from({ length: 2 }, (_, index) => ({ id: `s${seed}-${index}`, n: 2 + Math.floor(this.#random.next() * 3) }))
  }

  async run(): Promise<void> {
    await this.#store.open({ partitions, tables: this.#registry.tables })
    this.#boot()
    this.#boot()
    this.#workload()
    this.#scheduleTrouble()
    await this.#until(() => this.#clock.now() >= chaosMs)
    this.#heal()
    await this.#until(() => this.#isAtRest() || this.#clock.now() > restMs)
    this.#checkEnd()
  }

  result(): SimulationResult {
    return {
      seed: this.#seed,
      violations: this.#invariants.violations,
      trace: (this.#trace >>> 0).toString(16),
      crashes: this.#crashes,
      posts: this.#posts,
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
    const node = new Node({
      name,
      clock: this.#clock,
      store: this.#store,
      mailbox: this.#mailbox,
      publisher: localPublisher((event) => void this.#published.push(event)),
      ownership: this.#lock.port(name),
      actors: this.#actorsOf(name),
      partitions,
      random: randomStream(name, 0),
      fault: () => {
        const fault = drawFault(this.#plan, this.#crashes, this.#random)
        return this.#databaseAwayUntil > this.#clock.now() && !fault.startsWith('crash') ? 'refused' : fault
      },
      onCrash: (dead) => this.#crashed(dead),
    })
    this.#nodes.push(node)
    void node.runtime.start()
  }

  /** Its lock falls some time later; another process is started some time later. */
  #crashed(name: string): void {
    this.#crashes += 1
    this.#nodes = this.#nodes.filter((node) => node.name !== name)
    this.#clock.schedule(this.#random.next() * 3_000, () => this.#lock.leave(name))
    this.#clock.schedule(500 + this.#random.next() * 5_000, () => this.#boot())
  }

  #actorsOf(node: string) {
    return { batch: this.#batchActor(node), lamp, player }
  }

  #batchActor(node: string) {
    return batchActor({
      settings: { comparisonDeadlineSeconds: 20, batchTimeoutSeconds: 3_600 },
      content: { fetch: async (storageId) => `text ${storageId}` },
      judge: simulatedJudge({
        seed: String(this.#seed),
        clock: this.#clock,
        chaos: () => this.#chaos,
        deliver: (message) => this.#fromOutside(message),
        onAsked: (comparison) => this.#asked(node, comparison),
      }),
    })
  }

  /** A question is wrong once the verdict of that very comparison is in the journal. A zombie with a lease cannot know it yet. */
  #asked(node: string, comparison: string): void {
    this.#posts += 1
    if (this.#database.partitions.get(0)?.owner !== node) {
      return
    }
    for (const rows of this.#database.journal.values()) {
      if (rows.some((row) => row.kind === 'event' && row.messageId.startsWith(`${comparison}/`))) {
        this.#invariants.note('nothing is asked twice', comparison)
      }
    }
  }

  /** The outside tries until the log has it, duplicates and all. */
  #fromOutside(message: Message): void {
    void this.#mailbox.append([message])
    if (this.#chaos && this.#random.next() < 0.1) {
      void this.#mailbox.append([message])
    }
  }

  #workload(): void {
    const send = (message: Message): void => void this.#clock.schedule(this.#random.next() * 5_000, () => this.#fromOutside(message))
    for (const { id, n } of this.#batches) {
      const essays = Array.from({ length: n }, (_, index) => ({ id: `e${index}`, storageId: `t${index}` }))
      const input = batchInput({ batchId: id, userId: 'sim', essays }, { comparisonDeadlineSeconds: 20, batchTimeoutSeconds: 3_600 })
      send({ id: 'create', address: batchAddress(id), kind: 'create', body: JSON.stringify(input) })
    }
    this.#fromOutside({ id: 'c', address: 'lamp/1', kind: 'create', body: '{"litForMs":30000}' })
    send({ id: 'p', address: 'lamp/1', kind: 'event', body: '{"type":"PRESS"}' })
    this.#fromOutside({ id: 'c', address: 'player/a', kind: 'create', body: '{"partner":"player/b","most":6}' })
    this.#fromOutside({ id: 'c', address: 'player/b', kind: 'create', body: '{"partner":"player/a","most":6}' })
    send({ id: 'serve', address: 'player/a', kind: 'event', body: '{"type":"BALL","count":1}' })
    send({ id: 'poison', address: 'lamp/1', kind: 'event', body: '{"type":1}' })
    send({ id: 'nobody', address: 'lamp/unborn', kind: 'event', body: '{"type":"PRESS"}' })
  }

  #scheduleTrouble(): void {
    if (!this.#chaos) {
      return
    }
    const sometime = (run: () => void): void => void this.#clock.schedule(this.#random.next() * chaosMs, run)
    if (this.#random.next() < 0.5) {
      sometime(() => {
        this.#databaseAwayUntil = this.#clock.now() + this.#random.next() * 40_000
      })
    }
    if (this.#random.next() < 0.5) {
      sometime(() => {
        const [zombie] = this.#nodes
        if (zombie !== undefined) {
          zombie.pausedUntil = this.#clock.now() + this.#random.next() * 40_000
        }
        this.#lock.steal()
      })
    }
  }

  #heal(): void {
    this.#plan = noFaults
    this.#chaos = false
    this.#databaseAwayUntil = 0
    for (const node of this.#nodes) {
      node.pausedUntil = 0
    }
  }

  #isAtRest(): boolean {
    const { actors, outbox, mailbox, partitions: rows } = this.#database
    const ended = this.#batches.every(({ id }) => actors.get(batchAddress(id))?.runStatus === 'done')
    const read = [...mailbox].every(([partition, records]) => (records.at(-1)?.offset ?? -1) < (rows.get(partition)?.nextOffset ?? 0))
    return ended && read && [...outbox.values()].every((row) => row.delivered) && actors.get('lamp/1')?.state === 'off'
  }

  #checkEnd(): void {
    if (!this.#isAtRest()) {
      const states = [...this.#database.actors.values()].map((row) => `${row.address}=${row.state}`).join(' ')
      this.#invariants.note('comes to rest', `after ${this.#clock.now()} ms: ${states}`)
    }
    this.#invariants.atRest(this.#database, this.#registry)
    for (const { id, n } of this.#batches) {
      this.#checkBatch(batchAddress(id), n)
    }
    const caught = JSON.parse(this.#database.actors.get('player/b')?.snapshot ?? '{}') as {
      readonly context?: { readonly returns: number }
    }
    if (caught.context?.returns !== 3) {
      this.#invariants.note('messages between actors count once', `player/b returned ${caught.context?.returns} balls`)
    }
  }

  /** One terminal outcome, its events once, and the ranking of a run without faults. */
  #checkBatch(address: string, n: number): void {
    const actor = this.#database.actors.get(address)
    const output = JSON.parse(actor?.output ?? 'null') as { readonly scores: BatchScores | null } | null
    const expected = scoreNet({ n, slots: runJudging(n, {}, perfect).slots }).scores.map(
      ({ item, score }) => `e${item} ${score.toFixed(6)}`,
    )
    const found = output?.scores?.ranking.map(({ id, score }) => `${id} ${score.toFixed(6)}`) ?? []
    if (found.join() !== expected.join()) {
      this.#invariants.note('outputs equal those without faults', `${address}: ${found.join()} instead of ${expected.join()}`)
    }
    const ids = new Map<string, Set<string>>()
    for (const event of this.#published.filter((each) => each.address === address)) {
      ids.set(event.topic, (ids.get(event.topic) ?? new Set()).add(event.id))
    }
    if (ids.size !== 3 || [...ids.values()].some((set) => set.size !== 1)) {
      this.#invariants.note('one terminal outcome and its events', `${address}: ${[...ids.keys()].join()}`)
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
        }
        return outcome
      },
    }
  }

  #watchedMailbox(mailbox: Mailbox, loses: boolean): Mailbox {
    return {
      ...mailbox,
      append: async (messages) => {
        const kept = loses ? messages.filter((message) => !message.id.endsWith('serve')) : messages
        const positions = await mailbox.append(kept).catch((error: unknown) => {
          throw isPortFailure(error, 'database') ? error : new Error('append failed', { cause: error })
        })
        for (const message of messages) {
          this.#invariants.acknowledged(message.address, message.id)
        }
        return positions
      },
    }
  }
}

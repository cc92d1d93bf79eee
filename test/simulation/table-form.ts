import { batchAddress, batchInput } from '../../src/batch/request.ts'
import type { BatchSettings } from '../../src/batch/settings.ts'
import { verdictOf } from '../../src/batch/verdict.ts'
import { localPublisher } from '../../src/runtime/local-publisher.ts'
import type { Message } from '../../src/runtime/message.ts'
import type { Mailbox } from '../../src/runtime/ports.ts'
import type { MemoryDatabase } from '../../src/testing/memory-database.ts'
import { createMemoryMailbox } from '../../src/testing/memory-mailbox.ts'
import type { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import type { Invariants } from './invariants.ts'
import type { Callback } from './judge.ts'
import type { LogForm, LogPorts, Output } from './log-form.ts'
import type { Mutation } from './mutations.ts'
import type { Gate } from './node.ts'
import { SimulatedLock } from './ownership.ts'

export interface TableFormParts {
  readonly clock: SimulatedClock
  readonly database: MemoryDatabase
  readonly invariants: Invariants
  readonly partitions: number
  readonly settings: Partial<BatchSettings>
  readonly mutation: Mutation | undefined
}

/** No server takes a process for dead sooner, ms; one that stands still for less is not asked to notice (standstill.ts). */
const shortestSessionMs = 6_000

/** The log as a table: one owner of everything, the others stand by. */
export class TableForm implements LogForm {
  readonly name = 'table'
  readonly #parts: TableFormParts
  readonly #lock: SimulatedLock
  readonly #mailbox: Mailbox
  readonly #outputs: Output[] = []

  constructor(parts: TableFormParts) {
    this.#parts = parts
    this.#lock = new SimulatedLock(parts.partitions)
    this.#mailbox = this.#watched(createMemoryMailbox(parts.database, parts.clock))
  }

  portsOf(node: string, gate: Gate): LogPorts {
    const publisher = localPublisher(({ id, topic, key, payload }) => {
      this.#outputs.push({ id, topic, key, payload: JSON.stringify(payload) })
    })
    return {
      mailbox: gate.gated(this.#mailbox, 'database', new Set(['subscribe'])),
      publisher: gate.gated(publisher, 'database'),
      ownership: this.#lock.port(node),
    }
  }

  send(message: Message): void {
    void this.#mailbox.append([message])
  }

  request(batchId: string, n: number): void {
    const essays = Array.from({ length: n }, (_, index) => ({ id: `e${index}`, storageId: `t${index}` }))
    const input = batchInput({ batchId, userId: 'sim', essays }, this.#parts.settings)
    this.send({ id: 'create', address: batchAddress(batchId), kind: 'create', body: JSON.stringify(input) })
  }

  callback({ address, comparison, data, copy }: Callback): void {
    const decoded = verdictOf({ ...data, correlation_id: comparison })
    if ('problem' in decoded) {
      throw new Error(decoded.problem)
    }
    this.send({ id: `${comparison}/${copy}`, address, kind: 'event', body: JSON.stringify(decoded.event) })
  }

  sendPoison(): void {
    this.send({ id: 'poison', address: 'lamp/1', kind: 'event', body: '{"type":1}' })
    this.send({ id: 'nobody', address: 'lamp/unborn', kind: 'event', body: '{"type":"PRESS"}' })
  }

  /** The lock of a dead process falls some time later. */
  crashed(node: string): void {
    this.#parts.clock.schedule(1_500, () => this.#lock.leave(node))
  }

  paused(_: string, ms: number): void {
    if (ms >= shortestSessionMs) {
      this.#lock.steal()
    }
  }

  /** The log's server is the database. */
  goAway(): void {}

  schedule(): void {}

  heal(): void {}

  isRead({ mailbox, partitions }: MemoryDatabase): boolean {
    return [...mailbox].every(([partition, records]) => (records.at(-1)?.offset ?? -1) < (partitions.get(partition)?.nextOffset ?? 0))
  }

  outputs(): readonly Output[] {
    return this.#outputs
  }

  #watched(mailbox: Mailbox): Mailbox {
    const loses = this.#parts.mutation === 'lose-message'
    return {
      ...mailbox,
      append: async (messages) => {
        const positions = await mailbox.append(loses ? messages.filter((message) => !message.id.endsWith('serve')) : messages)
        for (const message of messages) {
          this.#parts.invariants.acknowledged(message.address, message.id)
        }
        return positions
      },
    }
  }
}

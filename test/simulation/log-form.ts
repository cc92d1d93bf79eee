import type { Message } from '../../src/runtime/message.ts'
import type { RuntimePorts } from '../../src/runtime/runtime-api.ts'
import type { MemoryDatabase } from '../../src/testing/memory-database.ts'
import type { Callback } from './judge.ts'
import type { Gate } from './node.ts'

export type LogPorts = Pick<RuntimePorts, 'mailbox' | 'ownership' | 'publisher' | 'broker' | 'inbound'>

export interface Output {
  readonly id: string
  readonly topic: string
  readonly key: string
  readonly payload: string
}

/** Where the log lives, with what is around it: who may own, how the outside reaches it, what was published. */
export interface LogForm {
  readonly name: 'table' | 'broker'
  /** The ports of one process. */
  portsOf(node: string, gate: Gate): LogPorts
  /** Messages of clients, batches asked for, and callbacks of the provider: the outside tries until the log has them. */
  send(message: Message): void
  request(batchId: string, n: number): void
  callback(callback: Callback): void
  /** What no actor can be made of. */
  sendPoison(): void
  crashed(node: string): void
  /** A process stands still for so long, ms; others take it for dead. */
  paused(node: string, ms: number): void
  /** No process reaches the log's own server for so long, ms. */
  goAway(ms: number): void
  /** Schedules what may go wrong around the log. */
  schedule(sometime: (run: () => void) => void): void
  heal(): void
  /** Everything that was appended was read. */
  isRead(database: MemoryDatabase): boolean
  outputs(): readonly Output[]
}

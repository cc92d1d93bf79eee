import { createStore } from '@xstate/store'
import type { ConnectionChange } from './connection.ts'
import type { HaltedPartition } from './owned-partitions.ts'

/** What `quire.status` shows. Counters count since the start of this process. */
export interface Status {
  readonly phase: 'new' | 'running' | 'waiting' | 'standby' | 'stopping' | 'stopped' | 'halted'
  readonly database: ConnectionChange
  /** Null without Kafka. */
  readonly broker: ConnectionChange | null
  /** How far the outside topics were read, by all processes; null without any. `lagMs` is null while it is unknown: timers are held. */
  readonly inbound: { readonly lagMs: number | null } | null
  /** Numbers of the partitions owned. */
  readonly partitions: readonly number[]
  /** How far the database's clock is ahead of this node's, ms. */
  readonly skewMs: number
  /** Partitions that stand still until a person acts, and why. */
  readonly halted: readonly HaltedPartition[]
  /** In standby: who owns the partitions, where that is known. */
  readonly holder: string | null
  /** Why the process stands still for good, in a sentence. */
  readonly alarm: string | null
  /** Rounds of the monitor, actors it woke in all, and those it woke last. */
  readonly monitor: { readonly rounds: number; readonly recovered: number; readonly lastStuck: readonly string[] }
  readonly counters: Counters
}

export interface Counters {
  readonly turns: number
  readonly messages: number
  readonly duplicates: number
  /** Same message id, other bytes. */
  readonly conflicts: number
  readonly timers: number
  readonly tasks: number
  readonly deadLetters: number
  readonly held: number
  readonly fenced: number
  /** Records read from outside topics, and those that could not be decoded. */
  readonly inbound: number
  readonly undecodable: number
  /** Records and messages for nobody here: nothing of them is kept. */
  readonly ignored: number
}

const zero: Counters = {
  turns: 0,
  messages: 0,
  duplicates: 0,
  conflicts: 0,
  timers: 0,
  tasks: 0,
  deadLetters: 0,
  held: 0,
  fenced: 0,
  inbound: 0,
  undecodable: 0,
  ignored: 0,
}

const initial: Status = {
  phase: 'new',
  database: { state: 'connecting', reason: null, failures: 0 },
  broker: null,
  inbound: null,
  partitions: [],
  skewMs: 0,
  halted: [],
  holder: null,
  alarm: null,
  monitor: { rounds: 0, recovered: 0, lastStuck: [] },
  counters: zero,
}

/** The status of one runtime: an @xstate/store to subscribe to or select from. */
export function createStatus() {
  return createStore({
    context: initial,
    on: {
      changed: (status, event: { change: Partial<Status> }) => ({ ...status, ...event.change }),
      counted: (status, event: { by: Partial<Counters> }) => ({ ...status, counters: added(status.counters, event.by) }),
    },
  })
}

export type StatusStore = ReturnType<typeof createStatus>

function added(counters: Counters, by: Partial<Counters>): Counters {
  const sum = { ...counters }
  for (const [name, value] of Object.entries(by) as [keyof Counters, number][]) {
    sum[name] = counters[name] + value
  }
  return sum
}

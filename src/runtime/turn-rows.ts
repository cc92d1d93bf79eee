import type { TenantRow } from './define-actor.ts'
import type { Address, MessageKind, Position } from './message.ts'
import type { Traceparent } from './tracing.ts'

/** Why a journal entry was written. `timer` and `done`/`error` are due delays and outcomes of tasks, `gap` an accepted gap of the log. */
export type EntryKind = MessageKind | 'timer' | 'done' | 'error' | 'gap'

/**
 * The fence and the new position of one partition. A commit passes only if the stored row still has `epoch`,
 * `fromOffset` and `fromEntry`. `entry` numbers journal and outbox rows of the partition, in commit order.
 */
export interface PartitionAdvance {
  readonly partition: number
  readonly epoch: number
  readonly fromOffset: number
  readonly toOffset: number
  readonly fromEntry: number
  readonly toEntry: number
  /** Id of the last message stepped, by which the log is recognised after a claim; null when there was none. */
  readonly lastRecord: string | null
}

/** One actor as it is stored. One write a turn, whatever the number of events. */
export interface ActorRow {
  readonly partition: number
  readonly address: Address
  /** First 56 bits of SHA-256 of the address, hex: all that a comparison id knows of it. */
  readonly addressHash: string
  readonly type: string
  /** Envelope: machine id, snapshot version, xstate major, codec. */
  readonly machine: string
  readonly version: number
  readonly xstate: number
  readonly codec: number
  /** Number of steps taken since birth. */
  readonly seq: number
  /** Top-level state name; of a parallel machine its regions joined by `,`. */
  readonly state: string
  /** XState's status: active, done, error. */
  readonly runStatus: 'active' | 'done' | 'error'
  readonly tags: readonly string[]
  /** JSON texts. */
  readonly progress: string | null
  readonly output: string | null
  readonly snapshot: string
  /** JSON of `Armed`: timers and tasks this actor waits for. */
  readonly armed: string
  /** True when the outside alone may move it on (see rules on `strictWaiting`). */
  readonly waitsOutside: boolean
  /** Cause, when the actor stands still until it is replayed. */
  readonly parked: string | null
  /** JSON of a `Tombstone`, when the actor was archived or forgotten: then nothing else is kept of it. */
  readonly tombstone: string | null
  /** Where its birth stands in a trace: for what follows from no message. */
  readonly traceparent: Traceparent | null
  readonly createdAt: number
  readonly stateSince: number
  readonly updatedAt: number
}

/**
 * Timers by id, with due time and arming (`event`: JSON text of the event, absent when it is `{type: id}`);
 * tasks by id, with the seq at which they were opened.
 */
export interface Armed {
  readonly timers: Readonly<Record<string, { readonly due: number; readonly arming: string; readonly event?: string }>>
  readonly tasks: Readonly<Record<string, number>>
}

export interface TimerRow {
  readonly partition: number
  readonly address: Address
  readonly id: string
  /** ms since the epoch. */
  readonly due: number
  /** Names this arming; a timer that was re-armed or cancelled has another. */
  readonly arming: string
}

export interface TaskKey {
  readonly partition: number
  readonly address: Address
  readonly id: string
  /** The actor's seq when the task was opened: another opening of the same id is another task. */
  readonly opened: number
}

export interface TaskRow extends TaskKey {
  readonly source: string
  /** JSON text. */
  readonly input: string | null
  readonly traceparent: Traceparent | null
  /** Times the task was leased, without those given back by a delay. */
  readonly attempt: number
  /** Calls that failed and count. */
  readonly failures: number
  /** Not run before, ms since the epoch. */
  readonly notBefore: number
  readonly lastError: string | null
}

/** Changes of a stored task: a lease (attempt + 1), a failed call that will be repeated, or a delay (attempt - 1). */
export interface TaskUpdate extends TaskKey {
  readonly attempt: number
  readonly failures: number
  readonly notBefore: number
  readonly lastError: string | null
}

/** An output. `target` is a topic, or `mailbox` for a message to another actor (then `key` is its address, `payload` a Message). */
export interface OutboxRow {
  readonly partition: number
  readonly entry: number
  readonly id: string
  readonly address: Address
  readonly target: string
  readonly key: string
  /** JSON text. */
  readonly payload: string
  readonly traceparent: Traceparent | null
  readonly createdAt: number
}

export interface JournalRow {
  readonly partition: number
  readonly entry: number
  readonly address: Address
  /** The actor's seq after the step; 0 for an entry that stepped nothing. */
  readonly seq: number
  readonly kind: EntryKind
  readonly messageId: string
  readonly at: number
  /** The event as it was stepped, JSON text. */
  readonly event: string
  /** State after the step, and ids of the transitions taken. */
  readonly state: string
  readonly transitions: readonly string[]
  /** What the tenant noted (JSON text of an array), e.g. the numbers of a decision; or why a message was ignored. */
  readonly notes: string | null
  readonly ignored: string | null
}

export interface InboxRow {
  readonly partition: number
  readonly messageId: string
  /** First 16 hex digits of SHA-256 of the body, to tell 'same id, other bytes'. */
  readonly digest: string
  readonly at: number
}

export interface DeadLetterRow {
  readonly id: string
  readonly partition: number
  readonly address: Address
  readonly messageId: string
  /** `output`: an output the outside refused for good; then `messageId` is the output's id. */
  readonly kind: EntryKind | 'output'
  readonly body: string
  /** A stable code, e.g. `unknown-address`, `step-failed`, and a sentence. */
  readonly cause: string
  readonly message: string
  readonly at: number
}

/** A message for an actor that stands still, kept in order. */
export interface HeldRow {
  readonly partition: number
  readonly address: Address
  readonly offset: number
  readonly messageId: string
  readonly kind: MessageKind
  readonly body: string
  readonly traceparent: Traceparent | null
}

/** Everything stored of an address that goes, but for outputs that have not left yet: they leave first. */
export interface ErasedActor {
  readonly partition: number
  readonly address: Address
  /** Messages of its log below this position were handled. */
  readonly below: number
  /** `archived`: its journal is deleted. `forgotten`: the journal keeps what happened and when, without payloads. */
  readonly cause: 'archived' | 'forgotten'
}

/** All that follows from a poll, decided purely and written by one commit. */
export interface Turn {
  /** Node name of the owner. */
  readonly owner: string
  readonly now: number
  readonly partitions: readonly PartitionAdvance[]
  readonly actors: readonly ActorRow[]
  readonly timersArmed: readonly TimerRow[]
  readonly timersDropped: readonly Omit<TimerRow, 'due' | 'arming'>[]
  readonly tasksOpened: readonly TaskRow[]
  readonly tasksUpdated: readonly TaskUpdate[]
  readonly tasksClosed: readonly TaskKey[]
  readonly outbox: readonly OutboxRow[]
  readonly journal: readonly JournalRow[]
  readonly inbox: readonly InboxRow[]
  readonly deadLetters: readonly DeadLetterRow[]
  readonly held: readonly HeldRow[]
  /** Held messages that were stepped or dead-lettered. */
  readonly released: readonly { readonly partition: number; readonly address: Address; readonly offset: number }[]
  readonly rows: readonly TenantRow[]
  readonly erased: readonly ErasedActor[]
  /** Handled messages for tombstones: their bodies are deleted from a log of the database. */
  readonly withheld: readonly Position[]
  /** Ids of dead letters that were given up. */
  readonly discarded: readonly string[]
}

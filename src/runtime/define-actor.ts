import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import type { Address } from './message.ts'
import type { Traceparent } from './tracing.ts'

/** A value that survives JSON unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

/** A row for a table the tenant declared. Equal `key` columns replace the stored row. */
export interface TenantRow {
  readonly table: string
  readonly key: Readonly<Record<string, string | number>>
  readonly values: Readonly<Record<string, Json>>
}

/** A row of a declared table as it is stored: key and columns. */
export type StoredRow = Readonly<Record<string, Json>>

/** Which rows of a table: those that have these values in these columns. Empty: all. */
export type RowFilter = Readonly<Record<string, string | number>>

/** Rows to delete and rows to write, together or not at all; the deletions come first. */
export interface RowChange {
  readonly remove?: readonly { readonly table: string; readonly where: RowFilter }[]
  readonly write?: readonly TenantRow[]
}

/**
 * What a named action of the machine becomes.
 * - `publish`: a record for a topic of the outside, in order per key. `id` defaults to f(actor, seq, index).
 * - `send`: a message for another actor.
 * - `row`: a row of a declared table, written by the same commit.
 * - `note`: a line for people in the journal entry of this step (e.g. the numbers of a decision).
 */
export type Effect =
  | { readonly kind: 'publish'; readonly topic: string; readonly key: string; readonly payload: Json; readonly id?: string }
  | { readonly kind: 'send'; readonly address: Address; readonly event: { readonly type: string }; readonly id?: string }
  | ({ readonly kind: 'row' } & TenantRow)
  | { readonly kind: 'note'; readonly note: Json }

/** What an effect mapping is told of the step: `at` in ms since the epoch, `seq` the actor's step number. */
export interface EffectScope {
  readonly address: Address
  readonly at: number
  readonly seq: number
  /** The snapshot the step came from, before the whole macrostep; undefined at birth. */
  readonly context: unknown
  readonly event: { readonly type: string }
}

export interface TaskScope {
  readonly address: Address
  /** Aborted when the task is closed by its machine or the runtime stops. */
  readonly signal: AbortSignal
  /** The same at every attempt of this task, also after a restart. */
  readonly idempotencyKey: string
  /** Counted from 1; rises in the commit that leases the task. A call that ended in a `TaskDelay` is not counted. */
  readonly attempt: number
  /** W3C trace context of this call, for the services it calls; null where there is no trace. */
  readonly traceparent: Traceparent | null
  /** Appends a message; resolves when it is durable. Messages of an in-process provider take this way. */
  send(address: Address, event: { readonly type: string }, options: { readonly id: string }): Promise<void>
  /** Reads one row of a declared table by its key columns. */
  readRow(table: string, key: TenantRow['key']): Promise<StoredRow | undefined>
  /** Reads rows of a declared table in order of their key, at most 1,000. */
  readRows(table: string, where: RowFilter): Promise<readonly StoredRow[]>
}

/** The outcome of a task: its output for the event, and rows which the commit of that outcome writes (kept out of journal and snapshot). */
export interface TaskResult {
  readonly output: Json | undefined
  readonly rows?: readonly TenantRow[]
}

/** How promise logic of the machine is run. All fields but `run` have defaults. */
export interface TaskDefinition {
  /** Does the work; may throw a `TaskDelay` to be called later, uncounted. Absent: the machine's own promise logic of that name is called. */
  readonly run?: (input: never, scope: TaskScope) => Promise<TaskResult>
  /**
   * Answers small inputs within the turn that opens the task, which saves its lease and a commit: pure, no I/O, a few ms at most.
   * Undefined, or an error: the task is opened and run. Default: always.
   */
  readonly atOnce?: (input: never) => TaskResult | undefined
  /** Event type of the outcome; default `xstate.done.actor.ID` / `xstate.error.actor.ID`. The event carries `taskId`, and `output` or `error`. */
  readonly done?: string
  readonly failed?: string
  /** Calls before the task fails for good. Default 3. */
  readonly attempts?: number
  /** First wait between calls, ms; doubles, with jitter. Default 1,000, at most `maxBackOffMs` 30,000. */
  readonly backOffMs?: number
  readonly maxBackOffMs?: number
  /** Wait before the first call, ms, by its input. Default: none. */
  readonly delayMs?: (input: never) => number
  /** Tasks of this source running at once in the process, and for one actor. Default 16 and 100. */
  readonly concurrency?: number
  readonly concurrencyPerActor?: number
  /** Aborts a call that takes longer, ms. Default 60,000. */
  readonly timeoutMs?: number
  /** True when another call cannot help: the task fails at once. Default: never. */
  readonly isPermanent?: (error: unknown) => boolean
}

/** A table the tenant brings. `migrations` are SQL texts, run once each in order; `{schema}` stands for the quoted schema. */
export interface TableDefinition {
  readonly name: string
  /** Columns of the primary key and the other columns, with their SQL types (`text`, `int8`, `float8`, `bool`, `int4`). */
  readonly key: Readonly<Record<string, ColumnType>>
  readonly columns: Readonly<Record<string, ColumnType>>
  readonly migrations: readonly string[]
}
export type ColumnType = 'text' | 'int4' | 'int8' | 'float8' | 'bool'

/** A record of an outside topic, as text. */
export interface InboundText {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** ms since the epoch, by its producer. */
  readonly timestamp: number
  readonly text: string
  /** Largest body a message may have, bytes. */
  readonly maxBodyBytes: number
}

/**
 * What a record of the outside becomes.
 * - `message`: for an actor of this type, by its address or, where the record knows no more, by the hash of it. `id` is the
 *   producer's own, or derived from topic, partition and offset: never a generated one, for the record may be read again.
 * - `refused`: a dead letter and the outputs that answer it; it bears no actor.
 * - `undecodable`: a dead letter with its place in the topic.
 * - `ignored`: for nobody here, e.g. on a topic that others share; it is counted and logged, and nothing of it is kept.
 */
export type Decoded =
  | DecodedMessage
  | {
      readonly kind: 'refused'
      readonly address: Address
      readonly id: string
      readonly cause: string
      readonly message: string
      readonly outputs: readonly { readonly id: string; readonly topic: string; readonly key: string; readonly payload: Json }[]
    }
  | { readonly kind: 'undecodable' | 'ignored'; readonly cause: string; readonly message: string }

export interface DecodedMessage {
  readonly kind: 'message'
  readonly to: { readonly address: Address } | { readonly hash: string }
  readonly id: string
  readonly messageKind: 'create' | 'event'
  readonly body: object
  /** Trace context the record's text tells, for records that have none in their headers. */
  readonly traceparent?: unknown
}

/** Reads of declared tables. */
export interface RowReads {
  /** One row by its key columns. */
  one(table: string, key: TenantRow['key']): Promise<StoredRow | undefined>
  /** In order of the key; the first 1,000. */
  list(table: string, where: RowFilter): Promise<readonly StoredRow[]>
}

/** Pure: the same record always becomes the same. */
export type InboundDecoder = (record: InboundText) => Decoded

/** An actor type: a machine, and what the world needs to know of it. */
export interface ActorDefinition {
  readonly machine: AnyStateMachine
  /** Version of the machine's snapshots; a positive integer, raised when stored snapshots need a migration. */
  readonly version: number
  /** `migrations[v]` turns a persisted snapshot of version v into one of v + 1. */
  readonly migrations?: Readonly<Record<number, (persisted: Json) => Json>>
  readonly effects?: Readonly<Record<string, (params: never, scope: EffectScope) => Effect | readonly Effect[] | undefined>>
  /**
   * Answers a second create of an address, which bears nothing: `input` is its body with `at` and `id` (of the message) added.
   * The actor is not stepped; the create is journalled as ignored with the notes given here, and outputs and rows are
   * written by the same commit. Outputs without an `id` get f(actor, message id, index). Default: no answer.
   */
  readonly createdAgain?: (snapshot: AnyMachineSnapshot, input: never, scope: EffectScope) => Effect | readonly Effect[] | undefined
  /** What the tombstone of an actor keeps when it is archived or forgotten, to answer a later create; nothing personal. Default: nothing. */
  readonly remains?: (snapshot: AnyMachineSnapshot) => Json
  /** Answers a create of an address whose actor is gone, as `createdAgain` does; `remains` is null where the actor could not be read. */
  readonly createdAfter?: (remains: Json, input: never, scope: EffectScope) => Effect | readonly Effect[] | undefined
  readonly tasks?: Readonly<Record<string, TaskDefinition>>
  /** Outside topics this type is fed from, each with its decoder. */
  readonly inbound?: Readonly<Record<string, InboundDecoder>>
  /**
   * Looks at a decoded message before it is taken in, where its record alone does not tell whether it may be: gives it back, or a
   * refusal. Not asked while the database is away: the actor must be able to do without. Default: every message is taken in.
   */
  readonly admit?: (message: DecodedMessage, record: InboundText, rows: RowReads) => Promise<Decoded>
  /** A small JSON value kept in a column of its own, for lists. */
  readonly progress?: (snapshot: AnyMachineSnapshot) => Json
  readonly tables?: readonly TableDefinition[]
  /** True: a state with external transitions alone does not count as waiting for the outside. A function decides by snapshot. Default false. */
  readonly strictWaiting?: boolean | ((snapshot: AnyMachineSnapshot) => boolean)
  /** An actor that ended this long ago is archived and deleted, days; 0 = never. Default: the runtime's `retentionMs`. */
  readonly retentionDays?: number
  /** Adds the tenant's view to `inspect`: what it waits for, in a sentence, and the numbers of its last decision. */
  readonly explain?: (snapshot: AnyMachineSnapshot) => { readonly waitsFor?: string; readonly numbers?: Json }
}

/** Checks a definition when it is written; registration checks it again against the machine. */
export function defineActor(definition: ActorDefinition): ActorDefinition {
  return Object.freeze(definition)
}

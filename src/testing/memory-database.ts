import type { TableDefinition } from '../runtime/define-actor.ts'
import type { MailboxRecord } from '../runtime/message.ts'
import type { Claim, InboundProgress, OwnershipListener } from '../runtime/ports.ts'
import type { ActorRow, DeadLetterRow, HeldRow, InboxRow, JournalRow, OutboxRow, TaskRow, TimerRow } from '../runtime/turn-rows.ts'

export interface MemoryPartition extends Claim {
  readonly owner: string | null
  readonly halted: string | null
}

/** What a real database would hold, by primary key. Several stores, mailboxes and owners of one process may stand on it. */
export interface MemoryDatabase {
  partitionCount: number | undefined
  log: string | undefined
  tables: readonly TableDefinition[]
  readonly partitions: Map<number, MemoryPartition>
  readonly mailbox: Map<number, MailboxRecord[]>
  /** One above the last offset ever given, by partition. */
  readonly mailboxHeads: Map<number, number>
  /** Offset by `address#id` of the records the log still holds. */
  readonly mailboxIds: Map<string, number>
  readonly actors: Map<string, ActorRow>
  readonly timers: Map<string, TimerRow>
  readonly tasks: Map<string, TaskRow>
  readonly outbox: Map<string, { readonly row: OutboxRow; delivered: boolean }>
  /** `partition/id` of the rows of the outbox. */
  readonly outputIds: Set<string>
  /** How often each dead letter was replayed; those offered again since are marked as not. */
  readonly replayed: Set<string>
  readonly replays: Map<string, number>
  /** How far the outside was read and when that was written, by `topic/partition`. */
  readonly inboundProgress: Map<string, InboundProgress & { readonly at: number }>
  readonly journal: Map<number, JournalRow[]>
  readonly inbox: Map<string, InboxRow>
  readonly deadLetters: Map<string, DeadLetterRow>
  readonly held: Map<string, HeldRow>
  /** Rows of the tenants' tables as JSON texts, by table and key. */
  readonly rows: Map<string, Map<string, string>>
  /** The first one owns all partitions. */
  readonly owners: OwnershipListener[]
  readonly onCommit: Set<() => void>
  readonly onAppend: Set<() => void>
}

/** An empty database in memory, for tests and simulation. */
export function createMemoryDatabase(): MemoryDatabase {
  return {
    partitionCount: undefined,
    log: undefined,
    tables: [],
    partitions: new Map(),
    mailbox: new Map(),
    mailboxHeads: new Map(),
    mailboxIds: new Map(),
    actors: new Map(),
    timers: new Map(),
    tasks: new Map(),
    outbox: new Map(),
    outputIds: new Set(),
    replayed: new Set(),
    replays: new Map(),
    inboundProgress: new Map(),
    journal: new Map(),
    inbox: new Map(),
    deadLetters: new Map(),
    held: new Map(),
    rows: new Map(),
    owners: [],
    onCommit: new Set(),
    onAppend: new Set(),
  }
}

/** A partition's row; one that was never claimed stands at its beginning. */
export function partitionRow(db: MemoryDatabase, partition: number): MemoryPartition {
  return (
    db.partitions.get(partition) ?? {
      partition,
      epoch: 0,
      owner: null,
      nextOffset: 0,
      nextEntry: 1,
      lastTurnAt: 0,
      lastRecord: null,
      attempts: 0,
      started: null,
      halted: null,
    }
  )
}

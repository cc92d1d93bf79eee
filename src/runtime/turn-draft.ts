import { taskChanges, timerChanges } from './armed-changes.ts'
import type { OpenedTask } from './consequences.ts'
import type { TenantRow } from './define-actor.ts'
import type { Delivery } from './delivery.ts'
import { type QuireError, isQuireError, messageOf } from './errors.ts'
import type { Output } from './effects.ts'
import { digestOf, inboxKey } from './inbox-key.ts'
import type { MailboxRecord, Position } from './message.ts'
import type { Claim } from './ports.ts'
import { type LiveActor, rowOf } from './snapshot.ts'
import { buriedRow, type Tombstone } from './tombstone.ts'
import type { Traceparent } from './tracing.ts'
import { type Burial, withoutBuried } from './burial.ts'
import type {
  ActorRow,
  DeadLetterRow,
  HeldRow,
  InboxRow,
  JournalRow,
  OutboxRow,
  PartitionAdvance,
  TaskRow,
  TaskUpdate,
  Turn,
} from './turn-rows.ts'

/** What an entry adds to the journal, beside what the delivery says. */
export interface Noted {
  readonly seq: number
  readonly state: string
  readonly transitions?: readonly string[]
  readonly notes?: readonly unknown[]
  readonly ignored?: string
}

/** Where a partition stands while the turn is made. */
interface Advance {
  offset: number
  entry: number
  lastRecord: string | null
}

/** From where an output comes. */
type Cause = Pick<Delivery, 'partition' | 'address' | 'traceparent'>

export interface DraftInput {
  readonly owner: string
  readonly now: number
  readonly claims: ReadonlyMap<number, Claim>
  /** Living actors, and tombstones, among the addressees. */
  readonly actors: ReadonlyMap<string, LiveActor>
  readonly buried: ReadonlyMap<string, ActorRow>
}

/** A turn in the making. It numbers entries and gathers rows; `turn.ts` decides what they are. */
export class TurnDraft {
  readonly now: number
  /** Actors as they are after what was decided so far; the loaded ones before. */
  readonly actors: Map<string, LiveActor>
  readonly rows: TenantRow[] = []
  readonly deadLetters: DeadLetterRow[] = []
  readonly held: HeldRow[] = []
  readonly released: { partition: number; address: string; offset: number }[] = []
  readonly tasksUpdated: TaskUpdate[] = []
  /** Tombstones among the addressees, those of this turn included. */
  readonly buried: Map<string, ActorRow>
  /** Messages for tombstones: their bodies are deleted from the log. */
  readonly withheld: Position[] = []
  readonly discarded: string[] = []
  readonly strays: string[] = []
  /** Steps taken, and messages whose step threw. */
  stepped = 0
  failed = 0
  readonly #owner: string
  readonly #claims: ReadonlyMap<number, Claim>
  readonly #loaded: ReadonlyMap<string, LiveActor>
  readonly #advances = new Map<number, Advance>()
  readonly #inbox = new Map<string, InboxRow>()
  readonly #journal: JournalRow[] = []
  readonly #burials = new Map<string, Burial>()
  readonly #outbox: OutboxRow[] = []
  readonly #given = new Map<string, Pick<TaskRow, 'source' | 'input' | 'traceparent'>>()
  readonly #answerable: { readonly address: string; readonly id: string }[] = []

  constructor({ owner, now, claims, actors, buried }: DraftInput) {
    this.now = now
    this.actors = new Map(actors)
    this.buried = new Map(buried)
    this.#owner = owner
    this.#claims = claims
    this.#loaded = actors
  }

  /** The running position of a partition; its first use takes the partition into the turn. */
  touch(partition: number): Advance {
    let advance = this.#advances.get(partition)
    if (advance === undefined) {
      const claim = this.#claims.get(partition)
      if (claim === undefined) {
        throw new Error(`partition ${partition} is not owned`)
      }
      advance = { offset: claim.nextOffset, entry: claim.nextEntry, lastRecord: null }
      this.#advances.set(partition, advance)
    }
    return advance
  }

  /** The log was read past this message. */
  passed({ partition, offset, id }: MailboxRecord): void {
    const advance = this.touch(partition)
    advance.offset = offset + 1
    advance.lastRecord = id
  }

  /** Notes a message id as handled; false when this very turn handled it before. */
  receive(delivery: Delivery): boolean {
    const messageId = inboxKey(delivery)
    const key = `${delivery.partition}/${messageId}`
    if (this.#inbox.has(key)) {
      return false
    }
    this.#inbox.set(key, { partition: delivery.partition, messageId, digest: digestOf(delivery.body), at: this.now })
    return true
  }

  journal(delivery: Delivery, noted: Noted): void {
    this.#journal.push({
      partition: delivery.partition,
      entry: this.touch(delivery.partition).entry++,
      address: delivery.address,
      seq: noted.seq,
      kind: delivery.kind,
      messageId: delivery.messageId,
      at: this.now,
      event: delivery.body,
      state: noted.state,
      transitions: noted.transitions ?? [],
      notes: noted.notes === undefined || noted.notes.length === 0 ? null : JSON.stringify(noted.notes),
      ignored: noted.ignored ?? null,
    })
  }

  /** An output of an address, with the trace context of its cause. */
  send({ partition, address, traceparent }: Cause, output: Output): void {
    this.#outbox.push({ partition, entry: this.touch(partition).entry++, address, ...output, traceparent, createdAt: this.now })
  }

  deadLetter(delivery: Delivery, cause: string, error: unknown): void {
    this.touch(delivery.partition)
    const { partition, address, messageId, kind, body } = delivery
    const why = { cause: isQuireError(error) ? (error as QuireError).code : cause, message: messageOf(error) }
    this.deadLetters.push({ id: `${address}#${messageId}`, partition, address, messageId, kind, body, ...why, at: this.now })
  }

  /** Leaves a tombstone in the place of an actor, and nothing else of it, of this turn's rows neither. */
  bury(actor: LiveActor | ActorRow, tombstone: Tombstone): void {
    const { address } = actor
    const row = buriedRow(actor, tombstone)
    const { partition } = row
    const { armed } = this.#loaded.get(address) ?? actor
    this.actors.delete(address)
    this.buried.set(address, row)
    this.#burials.set(address, { partition, address, cause: tombstone.cause, row, armed })
  }

  /** Erases what is stored of an address where no actor was ever born. */
  erase(partition: number, address: string): void {
    this.#burials.set(address, { partition, address, cause: 'forgotten', row: undefined, armed: undefined })
  }

  openTask(actor: LiveActor, { id, source, input }: OpenedTask, traceparent: Traceparent | null): void {
    this.#given.set(`${actor.address} ${id} ${actor.armed.tasks[id]}`, { source, input, traceparent })
    if (actor.kind.definition.tasks?.[source]?.atOnce !== undefined) {
      this.#answerable.push({ address: actor.address, id })
    }
  }

  /** Tasks opened since the last call that their definition may answer at once, and that are still open. */
  takeAnswerable(): readonly TaskRow[] {
    const places = this.#answerable.splice(0)
    return places.flatMap(({ address, id }) => {
      const actor = this.actors.get(address)
      const opened = actor?.armed.tasks[id]
      return actor === undefined || opened === undefined ? [] : this.#opened(actor, id, opened)
    })
  }

  #opened({ partition, address }: LiveActor, id: string, opened: number): TaskRow[] {
    const given = this.#given.get(`${address} ${id} ${opened}`)
    return given === undefined
      ? []
      : [{ partition, address, id, opened, ...given, attempt: 0, failures: 0, notBefore: this.now, lastError: null }]
  }

  /** The turn as one value. `notBefore` gives a fresh task its start. */
  build(notBefore: (task: TaskRow) => number): Turn {
    const changed = [...this.actors.values()].filter((actor) => this.#loaded.get(actor.address) !== actor)
    const timers = changed.map((actor) => timerChanges(this.#loaded.get(actor.address), actor))
    const tasks = changed.map((actor) => taskChanges(this.#loaded.get(actor.address), actor, (id, at) => this.#opened(actor, id, at)))
    const turn: Turn = {
      owner: this.#owner,
      now: this.now,
      partitions: [...this.#advances].map(([partition, to]) => this.#advance(partition, to)),
      actors: changed.map(rowOf),
      timersArmed: timers.flatMap((change) => change.armed),
      timersDropped: timers.flatMap((change) => change.dropped),
      tasksOpened: tasks.flatMap((change) => change.opened).map((task) => ({ ...task, notBefore: notBefore(task) })),
      tasksUpdated: this.tasksUpdated,
      tasksClosed: tasks.flatMap((change) => change.closed),
      outbox: this.#outbox,
      journal: this.#journal,
      inbox: [...this.#inbox.values()],
      deadLetters: this.deadLetters,
      held: this.held,
      released: this.released,
      rows: this.rows,
      erased: [],
      withheld: this.withheld,
      discarded: this.discarded,
    }
    return withoutBuried(turn, [...this.#burials.values()])
  }

  /** An entry is used by every commit, so that two commits of a partition can always be told apart (rules 9). */
  #advance(partition: number, to: Advance): PartitionAdvance {
    const { epoch, nextOffset: fromOffset, nextEntry: fromEntry } = this.#claims.get(partition) as Claim
    const { offset: toOffset, lastRecord } = to
    return { partition, epoch, fromOffset, toOffset, fromEntry, toEntry: Math.max(to.entry, fromEntry + 1), lastRecord }
  }
}

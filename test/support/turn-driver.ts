import type { ActorDefinition } from '../../src/runtime/define-actor.ts'
import type { MailboxRecord, MessageKind } from '../../src/runtime/message.ts'
import type { Claim } from '../../src/runtime/ports.ts'
import { createRegistry } from '../../src/runtime/registry.ts'
import type { LiveActor } from '../../src/runtime/snapshot.ts'
import { type DecidedTurn, decideTurn, type TurnInput } from '../../src/runtime/turn.ts'
import type { InboxRow } from '../../src/runtime/turn-rows.ts'

/** Decides turns of one partition in a row, each from what the last one left, as if every commit succeeded. */
export class TurnDriver {
  now = 1_000
  actors: ReadonlyMap<string, LiveActor> = new Map()
  standing = new Map<string, string>()
  readonly seen = new Map<string, InboxRow>()
  readonly #registry
  #claim: Claim = { partition: 0, epoch: 1, nextOffset: 0, nextEntry: 1, lastTurnAt: 0, lastRecord: null, attempts: 1, started: null }
  #offset = 0

  constructor(actors: Readonly<Record<string, ActorDefinition>>) {
    this.#registry = createRegistry(actors)
  }

  record(address: string, kind: MessageKind, value: object | string, id = `m${this.#offset}`): MailboxRecord {
    const body = typeof value === 'string' ? value : JSON.stringify(value)
    return { id, address, kind, body, partition: 0, offset: this.#offset++, appendedAt: this.now }
  }

  turn(work: Partial<TurnInput>): DecidedTurn {
    const decided = decideTurn({
      owner: 'test',
      now: this.now,
      registry: this.#registry,
      claims: new Map([[0, this.#claim]]),
      held: [],
      records: [],
      outcomes: [],
      timers: [],
      taskUpdates: [],
      actors: this.actors,
      standing: this.standing,
      unreadable: new Map(),
      buried: new Map(),
      seen: this.seen,
      streaks: new Map(),
      ...work,
    })
    const advance = decided.turn.partitions[0]
    if (advance !== undefined) {
      this.#claim = { ...this.#claim, nextOffset: advance.toOffset, nextEntry: advance.toEntry }
    }
    this.actors = decided.actors
    for (const row of decided.turn.inbox) {
      this.seen.set(row.messageId, row)
    }
    return decided
  }

  /** Creates an actor, then sends it events, one turn each; the last turn comes back. */
  life(address: string, input: object, ...events: object[]): DecidedTurn {
    let decided = this.turn({ records: [this.record(address, 'create', input)] })
    for (const event of events) {
      decided = this.turn({ records: [this.record(address, 'event', event)] })
    }
    return decided
  }

  actor(address: string): LiveActor {
    const actor = this.actors.get(address)
    if (actor === undefined) {
      throw new Error(`no actor at ${address}`)
    }
    return actor
  }
}

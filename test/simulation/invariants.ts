import type { MemoryDatabase } from '../../src/testing/memory-database.ts'
import type { Registry } from '../../src/runtime/registry.ts'
import type { Json } from '../../src/runtime/define-actor.ts'
import { inboxKey } from '../../src/runtime/inbox-key.ts'
import type { Armed, Turn } from '../../src/runtime/turn-rows.ts'
import type { Output } from './log-form.ts'

/** Looks at every commit and at the end; what does not hold is noted with its name. */
export class Invariants {
  readonly violations: string[] = []
  readonly #owners = new Map<string, string>()
  readonly #positions = new Map<number, { offset: number; entry: number }>()
  readonly #outputs = new Map<string, string>()
  readonly #ended = new Set<string>()
  readonly #acknowledged = new Set<string>()

  claimed(partition: number, epoch: number, owner: string): void {
    const key = `${partition}/${epoch}`
    if (this.#owners.has(key)) {
      this.#note('one owner an epoch', `partition ${partition} was claimed twice under epoch ${epoch}`)
    }
    this.#owners.set(key, owner)
  }

  acknowledged(address: string, id: string): void {
    this.#acknowledged.add(inboxKey({ address, messageId: id }))
  }

  /** What left, at last: the same id is the same output. */
  published(outputs: readonly Output[]): void {
    const known = new Map<string, string>()
    for (const { id, topic, payload } of outputs) {
      if ((known.get(id) ?? payload) !== payload) {
        this.#note('published ids mean equal bytes', `${topic} ${id}`)
      }
      known.set(id, payload)
    }
  }

  /** After a commit was carried out. */
  committed(turn: Turn, database: MemoryDatabase): void {
    for (const advance of turn.partitions) {
      const before = this.#positions.get(advance.partition) ?? { offset: 0, entry: 1 }
      if (before.offset !== advance.fromOffset || before.entry !== advance.fromEntry || advance.toOffset < advance.fromOffset) {
        this.#note(
          'positions without gap or overlap',
          `partition ${advance.partition} stood at ${before.offset}/${before.entry}, the turn began at ${advance.fromOffset}/${advance.fromEntry}`,
        )
      }
      this.#positions.set(advance.partition, { offset: advance.toOffset, entry: advance.toEntry })
      if (this.#owners.get(`${advance.partition}/${advance.epoch}`) !== turn.owner) {
        this.#note('one owner an epoch', `${turn.owner} committed under an epoch of another owner`)
      }
    }
    for (const row of turn.outbox) {
      const known = this.#outputs.get(row.id)
      if (known !== undefined && known !== row.payload) {
        this.#note('outbox ids mean equal bytes', row.id)
      }
      this.#outputs.set(row.id, row.payload)
    }
    for (const actor of turn.actors) {
      if (this.#ended.has(actor.address)) {
        this.#note('terminal stays terminal', actor.address)
      }
      if (actor.runStatus === 'done') {
        this.#ended.add(actor.address)
      }
      this.#armed(actor.address, database)
    }
  }

  /** Timer rows are the armed delays, open task rows the armed tasks. */
  #armed(address: string, database: MemoryDatabase): void {
    const armed = JSON.parse(database.actors.get(address)?.armed ?? '{"timers":{},"tasks":{}}') as Armed
    const timers = [...database.timers.values()].filter((row) => row.address === address).map((row) => `${row.id} ${row.arming} ${row.due}`)
    const expected = Object.entries(armed.timers).map(([id, timer]) => `${id} ${timer.arming} ${timer.due}`)
    if (timers.sort().join() !== expected.sort().join()) {
      this.#note('timer rows = armed delays', `${address}: ${timers.join()} instead of ${expected.join()}`)
    }
    const tasks = [...database.tasks.values()].filter((row) => row.address === address).map((row) => `${row.id} ${row.opened}`)
    const open = Object.entries(armed.tasks).map(([id, opened]) => `${id} ${opened}`)
    if (tasks.sort().join() !== open.sort().join()) {
      this.#note('open tasks = tasks of active states', `${address}: ${tasks.join()} instead of ${open.join()}`)
    }
  }

  /** When everything has come to rest. */
  atRest(database: MemoryDatabase, registry: Registry): void {
    this.#inputs(database)
    this.#folds(database, registry)
    for (const address of database.actors.keys()) {
      this.#armed(address, database)
    }
  }

  /** Every acknowledged input is in the journal or the dead letters. */
  #inputs(database: MemoryDatabase): void {
    const found = new Set<string>()
    for (const rows of database.journal.values()) {
      for (const row of rows) {
        found.add(inboxKey(row))
      }
    }
    for (const letter of database.deadLetters.values()) {
      found.add(inboxKey(letter))
    }
    for (const key of this.#acknowledged) {
      if (!found.has(key)) {
        this.#note('every acknowledged input is accounted for', key)
      }
    }
  }

  /** Stepping the journal again gives the stored snapshot. */
  #folds(database: MemoryDatabase, registry: Registry): void {
    for (const actor of database.actors.values()) {
      const kind = registry.typeOf(actor.address)
      const entries = (database.journal.get(actor.partition) ?? []).filter((row) => row.address === actor.address && row.ignored === null)
      if (kind === undefined || entries.some((row) => row.kind === 'wake')) {
        continue
      }
      const folded = entries.reduce<ReturnType<typeof kind.stepper.birth>['snapshot'] | undefined>((snapshot, row) => {
        const event = { ...(JSON.parse(row.event) as Record<string, Json>), at: row.at, id: row.messageId } as unknown as { type: string }
        return snapshot === undefined ? kind.stepper.birth(event).snapshot : kind.stepper.step(snapshot, event).snapshot
      }, undefined)
      const stored = JSON.parse(actor.snapshot) as { readonly value: Json; readonly context: Json }
      const again = JSON.parse(JSON.stringify({ value: folded?.value, context: folded?.context })) as typeof stored
      if (
        JSON.stringify(again.value) !== JSON.stringify(stored.value) ||
        JSON.stringify(again.context) !== JSON.stringify(stored.context)
      ) {
        this.#note('stored snapshot = fold of the journal', actor.address)
      }
    }
  }

  note(name: string, detail: string): void {
    this.#note(name, detail)
  }

  #note(name: string, detail: string): void {
    if (this.violations.length < 20) {
      this.violations.push(`${name}: ${detail}`)
    }
  }
}

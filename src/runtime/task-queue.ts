import type { Registry } from './registry.ts'
import { limitOf } from './task-call.ts'
import type { TaskKey, TaskRow, TaskUpdate } from './turn-rows.ts'

type Phase = 'waiting' | 'leased' | 'running' | 'ended'

interface Entry {
  task: TaskRow
  phase: Phase
  controller: AbortController | undefined
}

/**
 * The open tasks in memory, each waiting, leased (its commit is under way), running, or ended (its outcome is under way).
 * Places are given round robin over actors, within the limits per source and per actor.
 */
export class TaskQueue {
  readonly #registry: Registry
  readonly #entries = new Map<string, Entry>()
  /** Waiting entries by source, then by actor; the order of actors is the order of turns. */
  readonly #waiting = new Map<string, Map<string, Entry[]>>()
  readonly #busyBySource = new Map<string, number>()
  readonly #busyByActor = new Map<string, number>()

  readonly #limits = new Map<string, number>()

  constructor(registry: Registry) {
    this.#registry = registry
  }

  get size(): number {
    return this.#entries.size
  }

  get running(): number {
    return this.underWay().length
  }

  /** Tasks whose call is under way. */
  underWay(): readonly TaskRow[] {
    return [...this.#entries.values()].filter((entry) => entry.phase === 'running').map((entry) => entry.task)
  }

  get isBusy(): boolean {
    return this.#busyByActor.size > 0
  }

  add(task: TaskRow): void {
    if (!this.#entries.has(keyOf(task))) {
      const entry: Entry = { task, phase: 'waiting', controller: undefined }
      this.#entries.set(keyOf(task), entry)
      this.#enqueue(entry)
    }
  }

  /** Leases what is ready, may start, and has a place. */
  take(now: number, mayStart: (task: TaskRow) => boolean): TaskRow[] {
    const taken: TaskRow[] = []
    for (const [source, byActor] of this.#waiting) {
      for (let idle = 0; idle < byActor.size && !this.#isFull(source); ) {
        const [address, entries] = byActor.entries().next().value as [string, Entry[]]
        const entry = this.#isActorFull(source, address) ? undefined : takeReady(entries, now, mayStart)
        byActor.delete(address)
        if (entries.length > 0) {
          byActor.set(address, entries)
        }
        idle = entry === undefined ? idle + 1 : 0
        if (entry !== undefined) {
          this.#occupy(entry, 1)
          entry.phase = 'leased'
          taken.push(entry.task)
        }
      }
    }
    return taken
  }

  isLeased(task: TaskKey): boolean {
    return this.#entries.get(keyOf(task))?.phase === 'leased'
  }

  /** Takes in a committed change; a failed call waits again. */
  update(update: TaskUpdate): TaskRow | undefined {
    const entry = this.#entries.get(keyOf(update))
    if (entry === undefined) {
      return undefined
    }
    const { attempt, failures, notBefore, lastError } = update
    entry.task = { ...entry.task, attempt, failures, notBefore, lastError }
    if (entry.phase === 'ended') {
      entry.phase = 'waiting'
      this.#enqueue(entry)
    }
    return entry.task
  }

  begin(task: TaskRow): AbortController | undefined {
    const entry = this.#entries.get(keyOf(task))
    if (entry === undefined || entry.phase !== 'leased') {
      return undefined
    }
    entry.task = task
    entry.phase = 'running'
    entry.controller = new AbortController()
    return entry.controller
  }

  /** Frees the place of a call that came to an end; false when the task was removed meanwhile. */
  finish(task: TaskRow, controller: AbortController): boolean {
    const entry = this.#entries.get(keyOf(task))
    if (entry === undefined || entry.controller !== controller) {
      return false
    }
    entry.phase = 'ended'
    entry.controller = undefined
    this.#occupy(entry, -1)
    return true
  }

  abort(key: TaskKey, reason: string): void {
    this.#entries.get(keyOf(key))?.controller?.abort(new Error(reason))
  }

  remove(key: TaskKey, reason: string): void {
    const entry = this.#entries.get(keyOf(key))
    if (entry === undefined) {
      return
    }
    this.#entries.delete(keyOf(key))
    if (entry.phase === 'waiting') {
      const entries = this.#waiting.get(entry.task.source)?.get(entry.task.address) ?? []
      entries.splice(entries.indexOf(entry), 1)
    } else if (entry.phase !== 'ended') {
      this.#occupy(entry, -1)
    }
    entry.controller?.abort(new Error(reason))
  }

  /** Removes what is leased or running, and aborts it. */
  interrupt(reason: string): void {
    for (const { task, phase } of [...this.#entries.values()]) {
      if (phase === 'leased' || phase === 'running') {
        this.remove(task, reason)
      }
    }
  }

  /** Removes the tasks of these partitions; all of them when undefined. */
  drop(partitions: ReadonlySet<number> | undefined, reason: string): void {
    for (const { task } of [...this.#entries.values()]) {
      if (partitions === undefined || partitions.has(task.partition)) {
        this.remove(task, reason)
      }
    }
  }

  /** Earliest time at which a waiting task with a free place may start. */
  nextAt(): number | undefined {
    let next: number | undefined
    for (const [source, byActor] of this.#waiting) {
      if (this.#isFull(source)) {
        continue
      }
      for (const [address, entries] of byActor) {
        const first = this.#isActorFull(source, address) ? undefined : earliest(entries)
        next = first === undefined ? next : Math.min(next ?? first, first)
      }
    }
    return next
  }

  #enqueue(entry: Entry): void {
    const { source, address } = entry.task
    const byActor = this.#waiting.get(source) ?? new Map<string, Entry[]>()
    this.#waiting.set(source, byActor)
    const entries = byActor.get(address) ?? []
    byActor.set(address, entries)
    entries.push(entry)
  }

  #isFull(source: string): boolean {
    return (this.#busyBySource.get(source) ?? 0) >= this.#limit(source, 'concurrency')
  }

  #isActorFull(source: string, address: string): boolean {
    return (this.#busyByActor.get(`${source} ${address}`) ?? 0) >= this.#limit(source, 'concurrencyPerActor')
  }

  /** Sources of the same name in several actor types share their places, by the narrowest limit. */
  #limit(source: string, name: 'concurrency' | 'concurrencyPerActor'): number {
    const key = `${name} ${source}`
    const known = this.#limits.get(key)
    const limit = known ?? Math.min(...this.#registry.all.map((kind) => limitOf(kind.definition.tasks?.[source], name)))
    this.#limits.set(key, limit)
    return limit
  }

  #occupy(entry: Entry, by: 1 | -1): void {
    const { source, address } = entry.task
    this.#busyBySource.set(source, (this.#busyBySource.get(source) ?? 0) + by)
    const ofActor = (this.#busyByActor.get(`${source} ${address}`) ?? 0) + by
    if (ofActor === 0) {
      this.#busyByActor.delete(`${source} ${address}`)
    } else {
      this.#busyByActor.set(`${source} ${address}`, ofActor)
    }
  }
}

function takeReady(entries: Entry[], now: number, mayStart: (task: TaskRow) => boolean): Entry | undefined {
  const index = entries.findIndex((entry) => entry.task.notBefore <= now && mayStart(entry.task))
  return index < 0 ? undefined : entries.splice(index, 1)[0]
}

function earliest(entries: readonly Entry[]): number | undefined {
  return entries.length === 0 ? undefined : Math.min(...entries.map((entry) => entry.task.notBefore))
}

function keyOf(task: TaskKey): string {
  return `${task.address} ${task.id} ${task.opened}`
}

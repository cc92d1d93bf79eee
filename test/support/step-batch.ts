import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import { batchActor } from '../../src/batch/batch.actor.ts'
import { comparisonId } from '../../src/batch/comparison-id.ts'
import type { BatchProgress } from '../../src/batch/progress.ts'
import { batchAddress, batchInput, type BatchRequest } from '../../src/batch/request.ts'
import type { BatchSettings } from '../../src/batch/settings.ts'
import { type ComputationName, computations } from '../../src/batch/tasks/computing.ts'
import type { SubmitInput } from '../../src/batch/tasks/submit-comparison.ts'
import { decodeSlots, type Slot } from '../../src/judging/comparison.ts'
import type { BatchContext, BatchInput, FoundAssignment } from '../../src/machines/batch.machine.ts'
import { consequencesOf } from '../../src/runtime/consequences.ts'
import type { Json, TenantRow } from '../../src/runtime/define-actor.ts'
import type { Output } from '../../src/runtime/effects.ts'
import { createRegistry, type RegisteredActor } from '../../src/runtime/registry.ts'
import { assertStorable, stateNameOf } from '../../src/runtime/snapshot.ts'
import type { Stepped } from '../../src/runtime/step.ts'
import type { Armed } from '../../src/runtime/turn-rows.ts'

export interface StepOptions {
  readonly essays?: number
  readonly request?: Partial<BatchRequest>
  readonly settings?: Partial<BatchSettings>
  /** What a program that errs gives in the place of the budget; null: nothing at all. */
  readonly budget?: number | null
  /** True: pure tasks (choosing pairs, fits, scores) wait for `compute`. */
  readonly hold?: boolean
  /** True: texts are not fetched by themselves. */
  readonly bare?: boolean
  /** When the batch is born, ms since the epoch. */
  readonly at?: number
  /** Another machine in the place of the batch's own, with its names. */
  readonly machine?: AnyStateMachine
}

interface OpenTask {
  readonly source: string
  readonly input: unknown
}

/** Delays that fire while time is moved once: ten minutes apart for two weeks. */
const mostFired = 2_016
const unreachable = async (): Promise<never> => {
  throw new Error('a stepped batch calls nobody')
}

/**
 * A batch stepped purely, one event at a time: the test plays clock, content service and provider, while delays, tasks
 * and effects are read from the machine's actions as the runtime reads them. After every step the snapshot is taken
 * through JSON, and what must hold between steps is checked.
 */
export class StepBatch {
  at: number
  readonly address: string
  /** Outputs in order: the topic without its prefix and version, the event's data, and what leaves as it stands in the outbox. */
  published: { readonly topic: string; readonly id: string; readonly data: Record<string, unknown>; readonly output: Output }[] = []
  notes: Json[] = []
  rows: TenantRow[] = []
  /** Transitions of all steps in order. */
  taken: string[] = []
  tasks = new Map<string, OpenTask>()
  armed: Armed = { timers: {}, tasks: {} }
  readonly #kind: RegisteredActor
  readonly #hold: boolean
  #snapshot: AnyMachineSnapshot
  #seq = 0

  constructor(options: StepOptions = {}, source?: StepBatch) {
    this.#hold = source === undefined ? (options.hold ?? false) : source.#hold
    if (source !== undefined) {
      this.#kind = source.#kind
      this.#snapshot = source.#snapshot
      this.#seq = source.#seq
      this.at = source.at
      this.address = source.address
      this.armed = source.armed
      this.published = [...source.published]
      this.notes = [...source.notes]
      this.rows = [...source.rows]
      this.taken = [...source.taken]
      this.tasks = new Map(source.tasks)
      return
    }
    const { essays = 4, request, settings, budget, bare = false, at = 1_000_000 } = options
    this.at = at
    this.address = batchAddress(request?.batchId ?? 'b')
    const actor = batchActor({
      judge: { submit: unreachable },
      content: { fetch: unreachable },
      ...(settings === undefined ? {} : { settings }),
    })
    const kind = createRegistry({ batch: { ...actor, machine: options.machine ?? actor.machine } }).typeOf(this.address)
    if (kind === undefined) {
      throw new Error('the batch is not registered')
    }
    this.#kind = kind
    const named = Array.from({ length: essays }, (_, index) => ({ id: `e${String(index).padStart(4, '0')}`, storageId: `s${index}` }))
    const input = budgeted(batchInput({ batchId: 'b', userId: 'u', essays: named, ...request }, settings), budget)
    const stepped = kind.stepper.birth({ ...input, at: this.at, id: 'birth' })
    this.#snapshot = stepped.snapshot
    this.#take(stepped, undefined, { type: 'xstate.init' })
    if (!bare) {
      named.forEach((_, index) => this.fetched(index))
    }
  }

  /** The same batch at the same moment, going its own way from here. */
  fork(): StepBatch {
    return new StepBatch({}, this)
  }

  /** What the steps to come depend on, with times from now: equal texts, equal futures. */
  fingerprint(): string {
    const { createdAt: _, lastActivityAt, accepted, ...context } = this.context
    const ago = (at: number): number => this.at - at
    const timers = Object.entries(this.armed.timers).map(([id, { due }]) => [id, due - this.at])
    const waits = Object.entries(accepted).map(([slot, at]) => [slot, ago(at)])
    return JSON.stringify([this.#snapshot.value, context, ago(lastActivityAt), waits, timers.sort(), [...this.tasks.keys()].sort()])
  }

  get state(): string {
    return stateNameOf(this.#snapshot)
  }

  get isDone(): boolean {
    return this.#snapshot.status === 'done'
  }

  get context(): BatchContext {
    return this.#snapshot.context as BatchContext
  }

  get progress(): BatchProgress {
    return this.#kind.definition.progress?.(this.#snapshot) as BatchProgress
  }

  get waitsFor(): string | undefined {
    return this.#kind.definition.explain?.(this.#snapshot).waitsFor
  }

  /** Name of the state inside WAITING_CALLBACKS. */
  get inner(): string | undefined {
    const value: unknown = this.#snapshot.value
    return typeof value === 'object' && value !== null ? String(Reflect.get(value, this.state)) : undefined
  }

  /** Events stepped so far. */
  get steps(): number {
    return this.#seq
  }

  slots(): Slot[] {
    return decodeSlots(this.context.slots)
  }

  /** Numbers of the slots that are under way. */
  outstanding(): number[] {
    return this.slots().flatMap(({ state }, number) => (state === 'outstanding' ? [number] : []))
  }

  /** Size of what is stored after a step. */
  get storedBytes(): number {
    return JSON.stringify({ value: this.#snapshot.value, context: this.#snapshot.context }).length
  }

  /** Steps one event; a batch that is done takes none, as in the runtime. */
  send(event: { readonly type: string } & Record<string, unknown>): this {
    if (this.isDone) {
      return this
    }
    const stamped = { ...event, at: this.at, id: `m${this.#seq}` }
    const before = this.#snapshot.context
    const stepped = this.#kind.stepper.step(this.#snapshot, stamped)
    this.#snapshot = stepped.snapshot
    this.#take(stepped, before, stamped)
    return this
  }

  fetched(index: number): this {
    return this.#outcome(`t${index}`, { output: { length: 1, digest: 'd' } })
  }

  notFetched(index: number, code: string): this {
    return this.#outcome(`t${index}`, { error: { message: 'no text', code } })
  }

  promptFetched(): this {
    return this.#outcome('prompt', { output: { length: 1, digest: 'd' } })
  }

  promptNotFetched(code: string): this {
    return this.#outcome('prompt', { error: { message: 'no text', code } })
  }

  /** What the assignment brings; each anchor has its grade for a storage id. */
  assignmentFound(found: Partial<FoundAssignment> = {}): this {
    const output = { gradeScale: 'swedish_8_anchor', promptStorageId: null, rubricStorageId: null, anchors: [], ...found }
    return this.#outcome('assignment', { output })
  }

  assignmentNotFound(code: string): this {
    return this.#outcome('assignment', { error: { message: 'no assignment', code } })
  }

  rubricFetched(): this {
    return this.#outcome('rubric', { output: { length: 1, digest: 'd' } })
  }

  rubricNotFetched(code: string): this {
    return this.#outcome('rubric', { error: { message: 'no text', code } })
  }

  /** Rows of one table, in the order they were written. */
  rowsOf(table: string): TenantRow[] {
    return this.rows.filter((row) => row.table === table)
  }

  accepted(slot: number): this {
    return this.#outcome(`c${slot}.${this.#attempt(slot)}`, { output: null })
  }

  notAccepted(slot: number, code?: string): this {
    return this.#outcome(`c${slot}.${this.#attempt(slot)}`, { error: { message: 'not posted', ...(code === undefined ? {} : { code }) } })
  }

  /** The verdict of the perfect judge (the lower item wins), a winner of the test's choice, or an error. */
  verdict(slot: number, outcome: 'a' | 'b' | 'best' | { readonly error: string } = 'best', attempt = this.#attempt(slot)): this {
    const planned = this.slots()[slot] as Slot
    const winner = typeof outcome === 'object' ? null : outcome === 'best' ? (planned.a < planned.b ? 'a' : 'b') : outcome
    const errorCode = typeof outcome === 'object' ? outcome.error : null
    const comparison = comparisonId(this.address, slot, attempt)
    return this.send({ type: 'VERDICT', comparison, slot, attempt, winner, errorCode, details: { provider: 'mock', model: 'm' } })
  }

  /** Answers all that is outstanding, in order of the slots. */
  answerWave(outcome: 'a' | 'b' | 'best' | { readonly error: string } = 'best'): this {
    this.outstanding().forEach((slot) => this.verdict(slot, outcome))
    return this
  }

  /** Moves time; due delays fire in order of their due times. */
  elapse(ms: number): this {
    const until = this.at + ms
    let fired = 0
    for (let next = this.#nextTimer(until); next !== undefined; next = this.#nextTimer(until)) {
      fired += 1
      if (fired > mostFired) {
        throw new Error(`${next.id} is due again as soon as it fired`)
      }
      this.at = Math.max(this.at, next.due)
      const { [next.id]: _, ...timers } = this.armed.timers
      this.armed = { ...this.armed, timers }
      this.send({ type: next.id })
    }
    this.at = until
    return this
  }

  /** Due time of a delay of the present states, or undefined. */
  due(name: 'deadline' | 'recovery'): number | undefined {
    return Object.entries(this.armed.timers).find(([id]) => id.includes(`.${name}.`))?.[1].due
  }

  /** Ends an open pure task with its true result. */
  compute(name: ComputationName): this {
    const { input } = this.#open(name)
    const output: unknown = JSON.parse(JSON.stringify(computations[name](input as never)))
    return this.#outcome(name, { output })
  }

  /** Ends an open pure task with another result. */
  computed(name: ComputationName, output: Json): this {
    return this.#outcome(name, { output })
  }

  failTask(name: string, message = 'broken'): this {
    return this.#outcome(name, { error: { message } })
  }

  /** As after a damaged database: neither delays nor tasks are known any more, and the monitor has noticed. */
  loseEverything(): this {
    this.tasks.clear()
    this.armed = { timers: {}, tasks: {} }
    this.#snapshot = this.#restored([])
    return this
  }

  #attempt(slot: number): number {
    return this.slots()[slot]?.attempts ?? 1
  }

  #open(id: string): OpenTask {
    const task = this.tasks.get(id)
    if (task === undefined) {
      throw new Error(`no task '${id}' is open; open are ${[...this.tasks.keys()].join(', ')}`)
    }
    return task
  }

  #outcome(id: string, result: { readonly output: unknown } | { readonly error: object }): this {
    const { source } = this.#open(id)
    const names = this.#kind.definition.tasks?.[source]
    this.tasks.delete(id)
    const { [id]: _, ...tasks } = this.armed.tasks
    this.armed = { ...this.armed, tasks }
    this.#snapshot = this.#restored(Object.keys(tasks))
    const type = 'output' in result ? (names?.done ?? `xstate.done.actor.${id}`) : (names?.failed ?? `xstate.error.actor.${id}`)
    return this.send({ type, taskId: id, actorId: id, ...result })
  }

  #restored(children: readonly string[]) {
    const { status, value, context, output } = this.#snapshot
    const persisted = JSON.parse(JSON.stringify({ status, value, context, historyValue: {}, output })) as object
    return this.#kind.stepper.restore(persisted, children)
  }

  #nextTimer(until: number): { readonly id: string; readonly due: number } | undefined {
    const timers = this.isDone ? [] : Object.entries(this.armed.timers).map(([id, { due }]) => ({ id, due }))
    return timers.filter(({ due }) => due <= until).sort((one, other) => one.due - other.due || (one.id < other.id ? -1 : 1))[0]
  }

  #take(stepped: Stepped, context: unknown, event: { readonly type: string }): void {
    this.#seq += 1
    const follows = consequencesOf(stepped, this.armed, this.#kind, { address: this.address, at: this.at, seq: this.#seq, context, event })
    this.armed = follows.armed
    for (const id of [...this.tasks.keys()]) {
      if (this.armed.tasks[id] === undefined) {
        this.tasks.delete(id)
      }
    }
    for (const { id, source, input } of follows.opened) {
      this.tasks.set(id, { source, input: JSON.parse(input ?? 'null') })
    }
    for (const output of follows.outputs) {
      const { event_id: id, data } = JSON.parse(output.payload) as { readonly event_id: string; readonly data: Record<string, unknown> }
      this.published.push({ topic: output.target.split('.').slice(1, -1).join('.'), id, data, output })
    }
    this.notes.push(...follows.notes)
    this.rows.push(...follows.rows)
    this.taken.push(...stepped.transitions)
    assertStorable(stepped.snapshot)
    this.#snapshot = this.#restored(Object.keys(this.armed.tasks))
    this.#check()
    this.#computeAll()
  }

  /** What must hold between steps. */
  #check(): void {
    const { outstanding, accepted, slots, paused } = this.context
    const open = this.outstanding()
    if (outstanding !== open.length) {
      throw new Error(`${outstanding} outstanding are counted, ${open.length} are: ${slots}`)
    }
    const strange = Object.keys(accepted).filter((slot) => !open.includes(Number(slot)))
    if (strange.length > 0) {
      throw new Error(`acceptance is kept for slots that are not outstanding: ${strange.join()}`)
    }
    const working = this.tasks.size > 0 || open.length > 0
    if (!this.isDone && !paused && !working) {
      throw new Error(`${this.state} is not done, and nothing is under way`)
    }
    if (this.isDone && (this.tasks.size > 0 || Object.keys(this.armed.timers).length > 0)) {
      throw new Error(`${this.state} is done and still waits for something`)
    }
  }

  #computeAll(): void {
    if (this.#hold) {
      return
    }
    for (const name of ['choosePairs', 'decideHeavy', 'scoreBatch'] as const) {
      if (this.tasks.has(name)) {
        this.compute(name)
      }
    }
  }
}

/** The submit tasks that are open, with their inputs. */
export function posts(batch: StepBatch): SubmitInput[] {
  return [...batch.tasks.values()].flatMap(({ source, input }) => (source === 'submitComparison' ? [input as SubmitInput] : []))
}

/** The birth with another budget, as no request can have it. */
export function budgeted(input: BatchInput, budget: StepOptions['budget']): BatchInput {
  return budget === undefined ? input : { ...input, policy: { ...input.policy, totalBudget: budget as number } }
}

import type { AnyStateMachine } from 'xstate'
import { batchActor } from '../../src/batch/batch.actor.ts'
import { comparisonId } from '../../src/batch/comparison-id.ts'
import type { BatchProgress } from '../../src/batch/progress.ts'
import { budgeted } from '../support/step-batch.ts'
import { batchAddress, batchInput } from '../../src/batch/request.ts'
import { type ComputationName, computations } from '../../src/batch/tasks/computing.ts'
import type { ActorDefinition, Json, TaskDefinition, TaskScope } from '../../src/runtime/define-actor.ts'
import type { Position } from '../../src/runtime/message.ts'
import type { Runtime } from '../../src/runtime/runtime-api.ts'
import { type BatchView, viewOf } from './batch-view.ts'
import { type Command, contentCode, foundAssignment, postCode, refusal, verdictCode, type World } from './command.ts'

/** A process that runs batches: it can be restarted, and knows when it has come to rest. */
export interface Process {
  runtime(): Runtime
  now(): number
  /** True when time is that of the stepped batch, so that due times can be compared. */
  readonly isVirtual: boolean
  /** Resolves when the condition holds; throws when it will not. */
  until(condition: () => Promise<boolean>, what: string): Promise<void>
  elapse(ms: number): Promise<void>
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Starts a process with these actor types. */
export type Boot = (actors: Readonly<Record<string, ActorDefinition>>) => Promise<Process>

interface Call {
  readonly input: unknown
  readonly end: (outcome: { readonly output: Json } | { readonly error: Error }) => void
}

const address = batchAddress('b')
const nobody = async (): Promise<never> => {
  throw new Error('the tasks of a live batch are ended by commands')
}

/** The batch in the production runtime, moved by commands: its tasks are really leased and called, and end when a command says so. */
export class LiveBatch {
  readonly #process: Process
  readonly #calls: Map<string, Call>
  #sent = 0

  static async start(world: World, boot: Boot, machine?: AnyStateMachine): Promise<LiveBatch> {
    const calls = new Map<string, Call>()
    const actor = batchActor({ judge: { submit: nobody }, content: { fetch: nobody }, settings: world.settings ?? {} })
    const process = await boot({ batch: { ...actor, machine: machine ?? actor.machine, tasks: tasksEndedBy(calls, actor) } })
    const live = new LiveBatch(process, calls)
    const essays = Array.from({ length: world.essays ?? 4 }, (_, index) => ({
      id: `e${String(index).padStart(4, '0')}`,
      storageId: `s${index}`,
    }))
    const input = budgeted(batchInput({ batchId: 'b', userId: 'u', essays, ...world.request }, world.settings), world.budget)
    await live.#processed(await process.runtime().create(address, input, { id: 'create' }))
    return live
  }

  private constructor(process: Process, calls: Map<string, Call>) {
    this.#process = process
    this.#calls = calls
  }

  get isVirtual(): boolean {
    return this.#process.isVirtual
  }

  async perform(command: Command): Promise<void> {
    switch (command.kind) {
      case 'content':
        return await this.#end(
          `t${command.essay}`,
          command.outcome === 'text' ? { length: 1, digest: 'd' } : failed(contentCode[command.outcome]),
        )
      case 'assignment':
        return await this.#end('assignment', command.outcome === 'found' ? foundAssignment : failed(refusal))
      case 'prompt':
      case 'rubric':
        return await this.#end(command.kind, command.outcome === 'text' ? { length: 1, digest: 'd' } : failed(contentCode[command.outcome]))
      case 'accepted':
        return await this.#end(await this.#postOf(command.slot), null)
      case 'notAccepted':
        return await this.#end(await this.#postOf(command.slot), failed(postCode[command.outcome]))
      case 'task':
        return await this.#end(
          command.name,
          command.outcome === 'failed' ? failed() : (input) => computed(command.name, command.outcome, input),
        )
      case 'verdict':
        return await this.#send(verdictEvent(command))
      case 'damage':
        throw new Error('the database of a live batch is not damaged by commands')
      case 'elapse':
        return await this.#process.elapse(command.ms)
      default:
        return await this.#send({ type: command.kind })
    }
  }

  async view(): Promise<BatchView> {
    const { state, progress, next, tasks } = await this.#process.runtime().inspect(address)
    const outputs = await this.#process.runtime().outputs(address)
    return viewOf({
      at: this.#process.now(),
      state,
      progress: progress as BatchProgress,
      timers: next.filter(({ what }) => what.startsWith('xstate.after.')).map(({ what, at }) => ({ id: what, due: at })),
      tasks: tasks.map(({ id }) => id),
      topics: outputs.map(({ topic }) => topic.split('.').slice(1, -1).join('.')),
    })
  }

  /** Ids of the transitions taken so far, from the journal. */
  async taken(): Promise<string[]> {
    const journal = await this.#process.runtime().journal(address, { limit: 100_000 })
    return journal.flatMap(({ transitions }) => transitions)
  }

  async restart(): Promise<void> {
    this.#calls.clear()
    await this.#process.restart()
  }

  async stop(): Promise<void> {
    await this.#process.stop()
  }

  async #send(event: { readonly type: string }): Promise<void> {
    this.#sent += 1
    await this.#processed(await this.#process.runtime().send(address, event, { id: `m${this.#sent}` }))
  }

  async #processed(position: Position): Promise<void> {
    await this.#process.runtime().whenProcessed(position)
  }

  /** The open post of a slot, by its last attempt. */
  async #postOf(slot: number): Promise<string> {
    const { tasks } = await this.#process.runtime().inspect(address)
    return tasks.map(({ id }) => id).findLast((id) => id.startsWith(`c${slot}.`)) ?? `c${slot}`
  }

  /** Ends a task that is being called, and waits for the turn that takes its outcome in. */
  async #end(id: string, outcome: Json | Error | ((input: unknown) => Json)): Promise<void> {
    const { seq } = await this.#process.runtime().inspect(address)
    await this.#process.until(async () => this.#calls.has(id), `the call of task ${id}`)
    const { input, end } = this.#calls.get(id) as Call
    end(outcome instanceof Error ? { error: outcome } : { output: typeof outcome === 'function' ? outcome(input) : outcome })
    await this.#process.until(async () => (await this.#process.runtime().inspect(address)).seq > seq, `the outcome of task ${id}`)
  }
}

/** Every call waits in `calls` until a command ends it; an aborted one is forgotten. */
function tasksEndedBy(calls: Map<string, Call>, actor: ActorDefinition): Record<string, TaskDefinition> {
  const run = (input: unknown, scope: TaskScope): Promise<{ readonly output: Json }> =>
    new Promise((resolve, reject) => {
      const id = scope.idempotencyKey.split('#')[1] ?? ''
      const call: Call = { input, end: (outcome) => ('error' in outcome ? reject(outcome.error) : resolve(outcome)) }
      calls.set(id, call)
      scope.signal.addEventListener('abort', () => calls.get(id) === call && calls.delete(id), { once: true })
    })
  const ended = Object.entries(actor.tasks ?? {}).map(([source, { done, failed: failing }]) => {
    const names = { ...(done === undefined ? {} : { done }), ...(failing === undefined ? {} : { failed: failing }) }
    return [source, { ...names, attempts: 1, concurrency: 1_000, concurrencyPerActor: 1_000, timeoutMs: 315_360_000_000, run }]
  })
  return Object.fromEntries(ended) as Record<string, TaskDefinition>
}

function failed(code?: string): Error {
  return Object.assign(new Error('no'), code === undefined ? {} : { code })
}

function computed(name: ComputationName, outcome: 'done' | 'empty' | 'failed', input: unknown): Json {
  return outcome === 'empty' ? { pairs: [] } : (JSON.parse(JSON.stringify(computations[name](input as never))) as Json)
}

function verdictEvent({
  slot,
  attempt,
  outcome,
}: Command & { readonly kind: 'verdict' }): { readonly type: string } & Record<string, unknown> {
  const isWin = outcome === 'a' || outcome === 'b'
  const comparison = comparisonId(address, slot, attempt)
  const result = { winner: isWin ? outcome : null, errorCode: isWin ? null : verdictCode[outcome] }
  return { type: 'VERDICT', comparison, slot, attempt, ...result, details: { provider: 'mock', model: 'm' } }
}

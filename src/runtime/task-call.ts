import type { Json, TaskDefinition, TaskResult, TaskScope } from './define-actor.ts'
import { messageOf, QuireError } from './errors.ts'
import type { Address } from './message.ts'
import { type RegisteredActor, promiseCreatorOf } from './registry.ts'
import { assertLossless } from './strict-json.ts'
import type { SpanStart, Traceparent } from './tracing.ts'
import type { TaskRow } from './turn-rows.ts'

/** What a call may do besides its work: send messages, read rows. */
export interface TaskReach extends Pick<TaskScope, 'readRow' | 'readRows'> {
  send(
    address: Address,
    event: { readonly type: string },
    options: { readonly id: string; readonly traceparent?: Traceparent },
  ): Promise<void>
}

/** Defaults of a task definition; units as there. */
export const taskDefaults = Object.freeze({
  attempts: 3,
  backOffMs: 1_000,
  maxBackOffMs: 30_000,
  concurrency: 16,
  concurrencyPerActor: 100,
  timeoutMs: 60_000,
})

/** Runs one call of a task: the definition's `run`, or the machine's own promise logic. Its output must be plain JSON. */
export async function callTask(task: TaskRow, kind: RegisteredActor, scope: TaskScope): Promise<TaskResult> {
  const definition = kind.definition.tasks?.[task.source]
  const input = JSON.parse(task.input ?? 'null') as never
  const result =
    definition?.run === undefined ? { output: await callPromiseLogic(task, kind, input, scope) } : await definition.run(input, scope)
  if (result.output !== undefined) {
    assertLossless(result.output, `output of task '${task.id}'`)
  }
  return result
}

async function callPromiseLogic(task: TaskRow, kind: RegisteredActor, input: unknown, scope: TaskScope): Promise<Json | undefined> {
  const creator = promiseCreatorOf(kind.definition.machine.implementations.actors[task.source])
  if (creator === undefined) {
    throw new QuireError(
      'invalid-definition',
      `${task.address} has an open task '${task.id}' of '${task.source}', which the machine does not know`,
    )
  }
  const given = input === null ? undefined : input
  return (await creator({ input: given, signal: scope.signal, system: undefined, self: undefined, emit: () => {} })) as Json | undefined
}

/** The same for all attempts of one opening of a task, after restarts too. */
function idempotencyKeyOf(task: TaskRow): string {
  return `${task.address}#${task.id}#${task.opened}`
}

/** The span of one call. */
export function spanOfTask({ address, id, source, attempt, traceparent }: TaskRow): SpanStart {
  const attributes = { 'quire.address': address, 'quire.task.id': id, 'quire.task.attempt': attempt }
  return { name: `call ${source}`, kind: 'client', parent: traceparent, attributes }
}

export interface CallParts {
  readonly reach: TaskReach
  /** Throws when the process stood still: a call goes no further when that happened while it read rows. */
  readonly standstill: { check(): void }
  readonly signal: AbortSignal
  readonly traceparent: Traceparent | null
}

/** What one call of a task is given. */
export function scopeOf(task: TaskRow, { reach, standstill, signal, traceparent }: CallParts): TaskScope {
  const looking = async <T>(read: Promise<T>): Promise<T> => {
    const found = await read
    standstill.check()
    signal.throwIfAborted()
    return found
  }
  return {
    address: task.address,
    signal,
    idempotencyKey: idempotencyKeyOf(task),
    attempt: task.attempt,
    traceparent,
    send: (address, event, { id }) => reach.send(address, event, traceparent === null ? { id } : { id, traceparent }),
    readRow: (...row) => looking(reach.readRow(...row)),
    readRows: (...rows) => looking(reach.readRows(...rows)),
  }
}

/** An error as the machine's event carries it. */
export function errorJson(error: unknown): Json {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined
  const details: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'details') : undefined
  return {
    message: messageOf(error),
    ...(typeof code === 'string' ? { code } : {}),
    ...(isPlain(details) ? { details } : {}),
  }
}

function isPlain(value: unknown): value is Json {
  try {
    assertLossless(value, 'details')
    return value !== undefined
  } catch {
    return false
  }
}

export function limitOf(definition: TaskDefinition | undefined, name: keyof typeof taskDefaults): number {
  return definition?.[name] ?? taskDefaults[name]
}

/** A call that ignores its signal must not hold its place for ever. */
export async function untilAborted<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    call.then(resolve, reject)
  })
}

import { coalesced } from './coalesce.ts'
import type { ActorDefinition } from './define-actor.ts'
import { DurableRuntime } from './durable-runtime.ts'
import { type RuntimeOptions, runtimeOptions } from './options.ts'
import { createRegistry } from './registry.ts'
import type { Runtime, RuntimePorts } from './runtime-api.ts'

const waitMs = 60_000

/** Builds a runtime on ports. @throws QuireError `invalid-definition`, `invalid-option` */
export function createRuntime(
  actors: Readonly<Record<string, ActorDefinition>>,
  ports: RuntimePorts,
  given: Partial<RuntimeOptions> = {},
): Runtime {
  const options = runtimeOptions(given, ports.ids.next())
  const runtime = new DurableRuntime(createRegistry(actors), { ...ports, mailbox: coalesced(ports.mailbox) }, options)
  const { queries, requests, rows, status } = runtime
  const stop = (how: { readonly drainMs?: number } = {}): Promise<void> => runtime.stop(how.drainMs ?? 5_000)
  return {
    status,
    rows,
    start: () => runtime.start(),
    create: (address, input, how) => requests.append(address, 'create', input, how),
    send: (address, event, how) => requests.append(address, 'event', event, how),
    ask: (address, event, how) => requests.ask(address, event, how),
    waitFor: (address, condition, how = {}) => requests.waitFor(address, condition, how.timeoutMs ?? waitMs),
    inspect: (address) => queries.inspect(address),
    watch: (pattern, how = {}) => queries.watch(pattern, how),
    journalEnds: () => queries.journalEnds(),
    actors: (filter) => queries.actors(filter),
    journal: (address, how = {}) => queries.journal(address, how),
    outputs: (address) => queries.outputs(address),
    stuck: (limit) => queries.stuck(limit),
    activeStates: (type) => queries.activeStates(type),
    standing: () => queries.standing(),
    total: (table, sum) => queries.total(table, sum),
    deadLetters: (query) => queries.deadLetters(query),
    discard: (deadLetterId, by = {}) => requests.discard(deadLetterId, by),
    note: (address, what, by) => requests.note(address, what, by),
    forget: (address, by) => requests.forget(address, by),
    replay: (deadLetterId, by = {}) => requests.replay(deadLetterId, by),
    whenProcessed: (position, how = {}) => requests.whenProcessed(position, how.timeoutMs ?? waitMs),
    whenIdle: (how = {}) => requests.whenIdle(how.timeoutMs ?? waitMs),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

import { createActor, fromPromise } from 'xstate'
import { type ConnectionFailure, connectionMachine } from '../machines/connection.machine.ts'
import { backOffMs } from './back-off.ts'
import { isQuireError, messageOf } from './errors.ts'
import { isPortFailure, type PortServer } from './port-failure.ts'
import type { Clock, Random } from './ports.ts'

export interface ConnectionParts {
  /** Whose failures are outages of this connection. */
  readonly server: PortServer
  readonly clock: Clock
  readonly random: Random
  /** A first round trip; also prepares what the server must hold (migrations, topics). */
  readonly connect: () => Promise<void>
  /** A cheap round trip, made every `probeMs` while the server is up. */
  readonly probe: () => Promise<void>
  readonly probeMs: number
  readonly onChange: (change: ConnectionChange) => void
}

export interface ConnectionChange {
  readonly state: 'connecting' | 'up' | 'waiting' | 'blocked' | 'closed'
  /** Why it is away: refused, in recovery, authentication, ... */
  readonly reason: string | null
  /** Failed attempts since the server was last up. */
  readonly failures: number
}

/** Runs the connection machine for a server. `use` waits for the server and repeats what an outage interrupted. */
export interface Connection {
  start(): void
  /** Resolves when the server answers; rejects when the connection was closed. */
  up(): Promise<void>
  /** Runs `call` while the server is up, again after every outage; throws only what is not an outage. */
  use<T>(call: () => Promise<T>): Promise<T>
  /** A client noticed that the server went away. */
  lost(error: unknown): void
  retry(): void
  close(): void
}

const limits = { firstMs: 100, maxMs: 15_000 }

export function createConnection(parts: ConnectionParts): Connection {
  const { clock, probeMs, server } = parts
  const failing = countFailures(parts.random)
  const machine = connectionMachine.provide({ actors: { connect: failing.logic(parts.connect), probe: failing.logic(parts.probe) } })
  const actor = createActor(machine, { clock: machineClock(clock), input: { probeMs } })
  const waiters = new Set<{ resolve: () => void; reject: (error: Error) => void }>()
  const state = (): ConnectionChange['state'] => stateOf(actor.getSnapshot().value)
  let last: ConnectionChange['state'] | undefined
  actor.subscribe(({ value, context }) => {
    const now = stateOf(value)
    if (now !== last) {
      last = now
      parts.onChange({ state: now, reason: context.reason, failures: context.failures })
    }
    if (now === 'up' || now === 'closed') {
      for (const waiter of waiters) {
        now === 'up' ? waiter.resolve() : waiter.reject(new Error('the connection was closed'))
      }
      waiters.clear()
    }
  })
  const up = async (): Promise<void> => {
    if (state() !== 'up') {
      await new Promise<void>((resolve, reject) => {
        state() === 'closed' ? reject(new Error('the connection was closed')) : waiters.add({ resolve, reject })
      })
    }
  }
  const lost = (error: unknown): void => {
    if (state() === 'up') {
      actor.send({ type: 'LOST', ...failing.told(error) })
    }
  }
  return {
    start: () => actor.start(),
    up,
    use: (call) => useThrough(call, server, up, lost),
    lost,
    retry: () => actor.send({ type: 'RETRY' }),
    close: () => actor.send({ type: 'CLOSE' }),
  }
}

async function useThrough<T>(
  call: () => Promise<T>,
  server: PortServer,
  up: () => Promise<void>,
  lost: (error: unknown) => void,
): Promise<T> {
  for (;;) {
    await up()
    try {
      return await call()
    } catch (error) {
      if (!isPortFailure(error, server) || error.kind === 'permanent') {
        throw error
      }
      lost(error)
    }
  }
}

/** Failures in a row, told to the machine with the wait that follows from their number. */
function countFailures(random: Random) {
  let failures = 0
  const told = (error: unknown): { failure: ConnectionFailure; waitMs: number } => {
    failures += 1
    return { failure: failureOf(error), waitMs: backOffMs(failures, limits, random) }
  }
  const logic = (call: () => Promise<void>) =>
    fromPromise<void>(async () => {
      try {
        await call()
        failures = 0
      } catch (error) {
        throw told(error)
      }
    })
  return { told, logic }
}

/** The top-level state: only `up` has states inside. */
function stateOf(value: ReturnType<typeof connectionMachine.getInitialSnapshot>['value']): ConnectionChange['state'] {
  return typeof value === 'string' ? value : 'up'
}

/** What waiting does not mend: a permanent refusal, or a server of another version or make. */
function failureOf(error: unknown): ConnectionFailure {
  if (isPortFailure(error)) {
    return { reason: error.reason, needsPerson: error.kind !== 'transient' }
  }
  return { reason: messageOf(error), needsPerson: isQuireError(error) }
}

/** XState's clock on ours. */
export function machineClock(clock: Clock): {
  setTimeout(run: () => void, ms: number): () => void
  clearTimeout(cancel: () => void): void
} {
  return { setTimeout: (run, ms) => clock.schedule(ms, run), clearTimeout: (cancel) => cancel?.() }
}

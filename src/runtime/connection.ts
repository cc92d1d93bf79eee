import { createActor, fromPromise } from 'xstate'
import { type ConnectionFailure, connectionMachine } from '../machines/connection.machine.ts'
import { backOffMs } from './back-off.ts'
import { isQuireError, messageOf } from './errors.ts'
import { type Clock, isStoreFailure, type Random } from './ports.ts'

export interface ConnectionParts {
  readonly clock: Clock
  readonly random: Random
  /** A first round trip; also prepares what the server must hold (migrations). */
  readonly connect: () => Promise<void>
  readonly onChange: (change: ConnectionChange) => void
}

export interface ConnectionChange {
  readonly state: 'connecting' | 'up' | 'waiting' | 'blocked' | 'closed'
  /** Why it is away: refused, in recovery, authentication, ... */
  readonly reason: string | null
  /** The full sentence of the failure. */
  readonly failures: number
}

/** Runs the connection machine for a server. `use` waits for the server and repeats what an outage interrupted. */
export interface Connection {
  start(): void
  /** Resolves when the server answers; rejects when the connection was closed. */
  up(): Promise<void>
  /** Runs `call` while the server is up, again after every outage; throws only what is not an outage. */
  use<T>(call: () => Promise<T>): Promise<T>
  retry(): void
  close(): void
}

const limits = { firstMs: 100, maxMs: 15_000 }

export function createConnection(parts: ConnectionParts): Connection {
  let failures = 0
  const told = (error: unknown): { failure: ConnectionFailure; waitMs: number } => {
    failures += 1
    return { failure: failureOf(error), waitMs: backOffMs(failures, limits, parts.random) }
  }
  const connect = fromPromise<void>(async () => {
    try {
      await parts.connect()
      failures = 0
    } catch (error) {
      throw told(error)
    }
  })
  const actor = createActor(connectionMachine.provide({ actors: { connect } }), { clock: machineClock(parts.clock) })
  const waiters = new Set<{ resolve: () => void; reject: (error: Error) => void }>()
  actor.subscribe((snapshot) => {
    const state = snapshot.value as ConnectionChange['state']
    parts.onChange({ state, reason: snapshot.context.reason, failures: snapshot.context.failures })
    if (state === 'up' || state === 'closed') {
      for (const waiter of waiters) {
        state === 'up' ? waiter.resolve() : waiter.reject(new Error('the connection was closed'))
      }
      waiters.clear()
    }
  })
  const up = async (): Promise<void> => {
    if (actor.getSnapshot().value !== 'up') {
      await new Promise<void>((resolve, reject) => {
        actor.getSnapshot().value === 'closed' ? reject(new Error('the connection was closed')) : waiters.add({ resolve, reject })
      })
    }
  }
  return {
    start: () => actor.start(),
    up,
    async use(call) {
      for (;;) {
        await up()
        try {
          return await call()
        } catch (error) {
          if (!isStoreFailure(error, 'transient')) {
            throw error
          }
          if (actor.getSnapshot().value === 'up') {
            actor.send({ type: 'LOST', ...told(error) })
          }
        }
      }
    },
    retry: () => actor.send({ type: 'RETRY' }),
    close: () => actor.send({ type: 'CLOSE' }),
  }
}

/** What waiting does not mend: a permanent refusal, or a database of another version or make. */
function failureOf(error: unknown): ConnectionFailure {
  if (isStoreFailure(error)) {
    return { reason: error.reason, needsPerson: error.kind === 'permanent' }
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

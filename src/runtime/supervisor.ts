import { createActor, fromPromise } from 'xstate'
import { type MonitorRound, supervisorMachine } from '../machines/supervisor.machine.ts'
import { type Connection, type ConnectionChange, createConnection, machineClock } from './connection.ts'
import type { Clock, Logger, Ownership, Random } from './ports.ts'
import type { OwnedPartitions } from './owned-partitions.ts'
import type { Status, StatusStore } from './status.ts'

export interface SupervisorParts {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly status: StatusStore
  readonly ownership: Ownership
  /** First round trip, migrations included. */
  readonly open: () => Promise<void>
  readonly monitorIntervalMs: number
  readonly check: () => Promise<MonitorRound>
}

/** Runs the supervisor machine: keeps the connection, asks for partitions while the database answers, and starts monitor rounds. */
export interface Supervisor {
  readonly connection: Connection
  start(partitions: OwnedPartitions, wake: () => void): void
  owning(partitions: readonly number[]): void
  stop(): Promise<void>
}

export function createSupervisor(parts: SupervisorParts): Supervisor {
  const check = fromPromise<MonitorRound>(() => parts.check())
  const actor = createActor(supervisorMachine.provide({ actors: { check } }), {
    clock: machineClock(parts.clock),
    input: { monitorIntervalMs: parts.monitorIntervalMs },
  })
  // After the stop nobody listens any more; what still arrives is of no consequence.
  const tell = (event: Parameters<typeof actor.send>[0]): void => {
    if (actor.getSnapshot().status === 'active') {
      actor.send(event)
    }
  }
  const show = (change: Partial<Status>): void => parts.status.trigger.changed({ change })
  actor.subscribe((snapshot) => show({ phase: phaseOf(snapshot.value), holder: snapshot.context.holder }))
  let ownershipStarted = false
  let onUp = (): void => {}
  const connection = createConnection({
    clock: parts.clock,
    random: parts.random,
    connect: parts.open,
    onChange: (change) => {
      show({ database: change })
      report(change, parts.logger)
      tell({ type: change.state === 'up' ? 'DATABASE_UP' : change.state === 'blocked' ? 'DATABASE_BLOCKED' : 'DATABASE_DOWN' })
      if (change.state === 'up') {
        onUp()
      }
    },
  })
  return {
    connection,
    start(partitions, wake) {
      onUp = () => {
        if (!ownershipStarted) {
          ownershipStarted = true
          parts.ownership.start(listenerFor(partitions, wake, tell))
        }
        wake()
      }
      actor.start()
      connection.start()
    },
    owning(partitions) {
      show({ partitions })
      tell({ type: partitions.length > 0 ? 'OWNING' : 'DISOWNED' })
    },
    async stop() {
      actor.stop()
      connection.close()
      await parts.ownership.stop()
    },
  }
}

function listenerFor(
  partitions: OwnedPartitions,
  wake: () => void,
  send: (event: { type: 'STANDBY'; holder: string | null } | { type: 'DISOWNED' }) => void,
) {
  return {
    assigned: (ids: readonly number[]) => {
      partitions.assign(ids)
      wake()
    },
    revoked: (ids: readonly number[]) => {
      partitions.revoke(ids)
      send({ type: 'DISOWNED' })
      wake()
    },
    standby: (holder: string | undefined) => send({ type: 'STANDBY', holder: holder ?? null }),
  }
}

function phaseOf(value: { readonly database: string; readonly ownership: string }): Status['phase'] {
  if (value.database !== 'up') {
    return 'waiting'
  }
  return value.ownership === 'owning' ? 'running' : value.ownership === 'standby' ? 'standby' : 'waiting'
}

function report(change: ConnectionChange, logger: Logger): void {
  if (change.state === 'waiting') {
    logger.warn({ reason: change.reason, failures: change.failures }, `the database is away (${change.reason}); everything waits for it`)
  } else if (change.state === 'blocked') {
    logger.error({ reason: change.reason }, `the database refuses (${change.reason}); a person must mend this`)
  }
}

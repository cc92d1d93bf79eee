import { createActor, fromPromise } from 'xstate'
import { type MonitorRound, supervisorMachine } from '../machines/supervisor.machine.ts'
import { type Connection, type ConnectionChange, createConnection, machineClock } from './connection.ts'
import type { OwnedPartitions } from './owned-partitions.ts'
import type { PortServer } from './port-failure.ts'
import type { Clock, Logger, Ownership, Random } from './ports.ts'
import type { Status, StatusStore } from './status.ts'

/** How one server is reached. */
export interface ServerParts {
  /** First round trip, with what the server must hold: migrations, topics. */
  readonly open: () => Promise<void>
  readonly ping: () => Promise<void>
}

export interface SupervisorParts {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly status: StatusStore
  readonly ownership: Ownership
  readonly database: ServerParts
  /** Absent: the log is a table of the database. */
  readonly broker: ServerParts | undefined
  /** Look whether an idle server is still there, ms; 0 = off. */
  readonly probeMs: number
  readonly monitorIntervalMs: number
  readonly check: () => Promise<MonitorRound>
}

/** Runs the supervisor machine: keeps the connections, asks for partitions once the log's server answers, and starts monitor rounds. */
export interface Supervisor {
  readonly database: Connection
  readonly broker: Connection | undefined
  /** The connection of the server that keeps the log. */
  readonly log: Connection
  start(partitions: OwnedPartitions, calls: SupervisorCalls): void
  owning(partitions: readonly number[]): void
  stop(): Promise<void>
}

export interface SupervisorCalls {
  /** Something may be there to do: a server is back, partitions came or went. */
  readonly wake: () => void
  /** The log's server answers for the first time. */
  readonly onLog: () => void
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
  const firstContact: Partial<Record<PortServer, () => void>> = {}
  let wake = (): void => {}
  const onChange = (server: PortServer, change: ConnectionChange): void => {
    show({ [server]: change })
    report(server, change, parts.logger)
    tell({ type: eventOf(server, change) })
    if (change.state === 'up') {
      firstContact[server]?.()
      delete firstContact[server]
      wake()
    }
  }
  const database = connectionTo('database', parts.database, parts, onChange)
  const broker = parts.broker === undefined ? undefined : connectionTo('broker', parts.broker, parts, onChange)
  return {
    database,
    broker,
    log: broker ?? database,
    start(partitions, calls) {
      wake = calls.wake
      firstContact[broker === undefined ? 'database' : 'broker'] = () => {
        parts.ownership.start(listenerFor(partitions, calls.wake, tell))
        calls.onLog()
      }
      actor.start()
      database.start()
      broker?.start()
    },
    owning(partitions) {
      show({ partitions })
      tell({ type: partitions.length > 0 ? 'OWNING' : 'DISOWNED' })
    },
    async stop() {
      actor.stop()
      database.close()
      broker?.close()
      await parts.ownership.stop()
    },
  }
}

function connectionTo(
  server: PortServer,
  { open, ping }: ServerParts,
  { clock, random, probeMs }: SupervisorParts,
  onChange: (server: PortServer, change: ConnectionChange) => void,
): Connection {
  return createConnection({ server, clock, random, connect: open, probe: ping, probeMs, onChange: (change) => onChange(server, change) })
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
      wake()
    },
    detached: () => partitions.detach(),
    standby: (holder: string | undefined) => send({ type: 'STANDBY', holder: holder ?? null }),
  }
}

function phaseOf(value: { readonly database: string; readonly ownership: string }): Status['phase'] {
  if (value.database !== 'up') {
    return 'waiting'
  }
  return value.ownership === 'owning' ? 'running' : value.ownership === 'standby' ? 'standby' : 'waiting'
}

function eventOf(server: PortServer, { state }: ConnectionChange) {
  const prefix = server === 'database' ? 'DATABASE' : 'BROKER'
  return state === 'up' ? (`${prefix}_UP` as const) : state === 'blocked' ? (`${prefix}_BLOCKED` as const) : (`${prefix}_DOWN` as const)
}

function report(server: PortServer, { state, reason, failures }: ConnectionChange, logger: Logger): void {
  if (state === 'waiting') {
    logger.warn({ server, reason, failures }, `the ${server} is away (${reason}); what needs it waits`)
  } else if (state === 'blocked') {
    logger.error({ server, reason }, `the ${server} refuses (${reason}); a person must mend this`)
  }
}

import type { Quire } from '../quire.ts'
import type { Clock } from '../runtime/ports.ts'
import type { Status } from '../runtime/status.ts'
import { messageOf } from '../runtime/errors.ts'
import { atMost } from '../runtime/time-limit.ts'
import { version } from './version.ts'

/** What `/healthz` and its kin say, and what an embedder asks. */
export interface HealthReport {
  readonly service: 'quire'
  readonly version: string
  readonly environment: string
  readonly status: 'healthy' | 'degraded' | 'unhealthy'
  /** In a sentence. */
  readonly message: string
  /** The loop can make progress by itself; also true while servers are away. */
  readonly live: boolean
  /** Servers answer and this process works; false in standby and while stopping. */
  readonly ready: boolean
  readonly checks: Readonly<Record<'loop' | 'ownership' | 'log' | 'stuck', string>>
  readonly dependencies: Readonly<Record<'database' | 'broker', { readonly state: string; readonly reason: string | null }>>
}

export interface HealthParts {
  readonly quire: Pick<Quire, 'status' | 'stuck'>
  readonly clock: Clock
  readonly environment: string
  readonly isDraining: () => boolean
}

/** Stuck for this long, and more than this many: not ready (domain 13). */
const longStuckMs = 2 * 3_600_000
const mostStuck = 5

/** A look for stuck batches is remembered for this time, ms: probes come often. */
const rememberedMs = 30_000
const probePatienceMs = 2_000

const none: StuckBatches = { total: 0, long: 0 }

export interface StuckBatches {
  readonly total: number
  readonly long: number
}

export interface Health {
  report(): Promise<HealthReport>
  /** The same without a question to any server: of stuck batches what was found last. */
  alive(): HealthReport
  /** Batches without a next cause, as last looked for; the last known number while the database is away. */
  stuck(): Promise<StuckBatches>
}

export function createHealth(parts: HealthParts): Health {
  let known: { readonly at: number; readonly stuck: Promise<StuckBatches> } = { at: Number.NEGATIVE_INFINITY, stuck: Promise.resolve(none) }
  let found = none
  const look = async (): Promise<StuckBatches> => {
    found = await lookForStuck(parts)
    return found
  }
  const status = (): Status => parts.quire.status.getSnapshot().context
  const stuck = async (): Promise<StuckBatches> => {
    if (status().database.state === 'up' && parts.clock.now() - known.at > rememberedMs) {
      known = { at: parts.clock.now(), stuck: look() }
    }
    // A probe never waits for a server: without an answer in time there is nothing known.
    return await atMost(
      parts.clock,
      probePatienceMs,
      known.stuck.catch(() => none),
      () => none,
    )
  }
  return {
    stuck,
    async report() {
      const counted = await stuck()
      return reportOf(status(), counted, parts)
    },
    alive: () => reportOf(status(), found, parts),
  }
}

async function lookForStuck({ quire, clock }: HealthParts): Promise<StuckBatches> {
  const found = await quire.stuck(1_000).catch((error: unknown) => {
    throw new Error(`stuck batches could not be counted: ${messageOf(error)}`)
  })
  return { total: found.length, long: found.filter(({ stateSince }) => stateSince < clock.now() - longStuckMs).length }
}

function reportOf(status: Status, stuck: StuckBatches, { environment, isDraining }: HealthParts): HealthReport {
  const live = status.phase !== 'halted' && status.phase !== 'stopped'
  const draining = isDraining() || status.phase === 'stopping' || status.phase === 'stopped'
  const problems = problemsOf(status, stuck, draining)
  const ready = live && problems.length === 0
  return {
    service: 'quire',
    version: version(),
    environment,
    status: ready ? (status.halted.length === 0 ? 'healthy' : 'degraded') : live ? 'degraded' : 'unhealthy',
    message: problems[0] ?? (status.halted[0] === undefined ? 'everything works' : `${status.halted.length} partitions stand still`),
    live,
    ready,
    checks: {
      loop: live ? 'turns' : (status.alarm ?? 'ended'),
      ownership:
        status.phase === 'standby' ? `standby behind ${status.holder ?? 'another process'}` : `${status.partitions.length} partitions`,
      log: status.halted.length === 0 ? 'followed' : `${status.halted.length} partitions stand still`,
      stuck: `${stuck.total} batches, ${stuck.long} of them for over 2 h`,
    },
    dependencies: {
      database: { state: status.database.state, reason: status.database.reason },
      broker: status.broker === null ? { state: 'absent', reason: null } : { state: status.broker.state, reason: status.broker.reason },
    },
  }
}

function problemsOf(status: Status, stuck: StuckBatches, draining: boolean): string[] {
  const { database, broker, phase } = status
  return [
    ...(draining ? ['the service is stopping'] : []),
    ...(phase === 'halted' ? [`the loop halted: ${status.alarm ?? 'no cause is known'}`] : []),
    ...(database.state === 'up' ? [] : [`the database is away (${database.reason ?? database.state})`]),
    ...(broker === null || broker.state === 'up' ? [] : [`the broker is away (${broker.reason ?? broker.state})`]),
    ...(phase === 'standby' ? [`another process owns the partitions (${status.holder ?? 'unknown'})`] : []),
    ...(phase === 'waiting' && database.state === 'up' ? ['no partition is owned yet'] : []),
    ...(stuck.long > mostStuck ? [`${stuck.long} batches are stuck for over 2 h`] : []),
  ]
}

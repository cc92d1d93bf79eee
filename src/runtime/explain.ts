import type { Json } from './define-actor.ts'
import { messageOf } from './errors.ts'
import type { Registry } from './registry.ts'
import { revive } from './snapshot.ts'
import type { ActorRow, HeldRow, TaskRow, TimerRow } from './turn-rows.ts'

/** What an actor waits for, what happens next, and when. Times are ms since the epoch. */
export interface Explanation {
  readonly address: string
  readonly type: string
  readonly state: string
  readonly runStatus: ActorRow['runStatus']
  readonly tags: readonly string[]
  readonly seq: number
  readonly createdAt: number
  readonly stateSince: number
  readonly updatedAt: number
  readonly progress: Json
  readonly output: Json
  /** In one sentence. */
  readonly waitsFor: string
  /** Soonest first. */
  readonly next: readonly { readonly what: string; readonly at: number; readonly note?: string }[]
  readonly tasks: readonly {
    readonly id: string
    readonly source: string
    readonly attempt: number
    readonly notBefore: number
    readonly lastError: string | null
  }[]
  readonly parked: string | null
  readonly heldMessages: number
  /** Numbers of the last decision, as the tenant shows them. */
  readonly numbers: Json
}

export interface ExplainInput {
  readonly row: ActorRow
  readonly timers: readonly TimerRow[]
  readonly tasks: readonly TaskRow[]
  readonly held: readonly HeldRow[]
  readonly registry: Registry
  readonly now: number
}

export function explain({ row, timers, tasks, held, registry, now }: ExplainInput): Explanation {
  const tenant = tenantView(row, registry)
  const upcoming = [
    ...timers.map((timer) => ({
      what: timer.id,
      at: timer.due,
      ...(timer.due < now ? { note: 'held: catching up' } : {}),
    })),
    ...tasks.filter((task) => task.notBefore > now).map((task) => ({ what: `task ${task.id} is tried again`, at: task.notBefore })),
  ]
  return {
    address: row.address,
    type: row.type,
    state: row.state,
    runStatus: row.runStatus,
    tags: row.tags,
    seq: row.seq,
    createdAt: row.createdAt,
    stateSince: row.stateSince,
    updatedAt: row.updatedAt,
    progress: parsed(row.progress),
    output: parsed(row.output),
    waitsFor: waitsFor(row, tenant.waitsFor, timers, tasks, tenant.trouble),
    next: upcoming.sort((one, other) => one.at - other.at),
    tasks: tasks.map(({ id, source, attempt, notBefore, lastError }) => ({ id, source, attempt, notBefore, lastError })),
    parked: row.parked,
    heldMessages: held.length,
    numbers: tenant.numbers ?? null,
  }
}

function tenantView(row: ActorRow, registry: Registry): { readonly waitsFor?: string; readonly numbers?: Json; readonly trouble?: string } {
  const kind = registry.typeOf(row.address)
  if (kind === undefined) {
    return { trouble: `actor type '${row.type}' is not registered here` }
  }
  try {
    const { snapshot } = revive(row, kind)
    return kind.definition.explain?.(snapshot) ?? {}
  } catch (error) {
    return { trouble: messageOf(error) }
  }
}

function waitsFor(
  row: ActorRow,
  tenant: string | undefined,
  timers: readonly TimerRow[],
  tasks: readonly TaskRow[],
  trouble: string | undefined,
): string {
  if (row.runStatus === 'done') {
    return 'nothing: it is done'
  }
  if (row.parked !== null) {
    return `a person: it is parked (${row.parked}); replay the dead letter`
  }
  if (trouble !== undefined) {
    return `a deployment: ${trouble}`
  }
  if (tenant !== undefined) {
    return tenant
  }
  const parts = [
    tasks.length > 0 ? `${tasks.length} tasks` : '',
    row.waitsOutside ? 'an event from outside' : '',
    timers.length > 0 ? 'a timer' : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? 'nothing that is known: it is stuck, the monitor will wake it' : parts.join(', or ')
}

function parsed(text: string | null): Json {
  return text === null ? null : (JSON.parse(text) as Json)
}

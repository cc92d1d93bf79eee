import type { AnyMachineSnapshot } from 'xstate'
import type { ActorDefinition, Json } from './define-actor.ts'
import { QuireError } from './errors.ts'
import { addressHash } from './message.ts'
import type { RegisteredActor } from './registry.ts'
import { assertLossless } from './strict-json.ts'
import type { Traceparent } from './tracing.ts'
import type { ActorRow, Armed } from './turn-rows.ts'

/** Version of XState's snapshots and of the way they are written; part of every envelope. */
export const xstateMajor = 5
export const codecVersion = 1

/** An actor in memory: its live snapshot and what it waits for. Never mutated; a step makes another. */
export interface LiveActor {
  readonly address: string
  readonly partition: number
  readonly kind: RegisteredActor
  readonly snapshot: AnyMachineSnapshot
  readonly armed: Armed
  readonly seq: number
  readonly parked: string | null
  readonly traceparent: Traceparent | null
  readonly createdAt: number
  readonly stateSince: number
  readonly updatedAt: number
}

/** Top-level state name; regions of a parallel machine joined by `,`. */
export function stateNameOf(snapshot: AnyMachineSnapshot): string {
  const value: unknown = snapshot.value
  return typeof value === 'string'
    ? value
    : Object.keys(value as object)
        .sort()
        .join(',')
}

/** The row of a live actor. Children are left out: the task table is their truth. */
export function rowOf(actor: LiveActor): ActorRow {
  const { snapshot, kind } = actor
  const { definition } = kind
  return {
    partition: actor.partition,
    address: actor.address,
    addressHash: addressHash(actor.address),
    type: kind.type,
    machine: definition.machine.id,
    version: definition.version,
    xstate: xstateMajor,
    codec: codecVersion,
    seq: actor.seq,
    state: stateNameOf(snapshot),
    runStatus: snapshot.status === 'active' ? 'active' : snapshot.status === 'done' ? 'done' : 'error',
    tags: [...snapshot.tags].sort(),
    progress: definition.progress === undefined ? null : JSON.stringify(definition.progress(snapshot)),
    output: snapshot.output === undefined ? null : JSON.stringify(snapshot.output),
    snapshot: encodeSnapshot(snapshot),
    armed: JSON.stringify(actor.armed),
    waitsOutside: waitsOutside(definition, snapshot),
    parked: actor.parked,
    tombstone: null,
    traceparent: actor.traceparent,
    createdAt: actor.createdAt,
    stateSince: actor.stateSince,
    updatedAt: actor.updatedAt,
  }
}

/** Throws `snapshot-lossy` for a context or output that JSON would destroy. */
export function assertStorable(snapshot: AnyMachineSnapshot): void {
  assertLossless(snapshot.context, 'context')
  if (snapshot.output !== undefined) {
    assertLossless(snapshot.output, 'output')
  }
}

function encodeSnapshot(snapshot: AnyMachineSnapshot): string {
  const { status, value, context, historyValue, output } = snapshot
  const error = snapshot.error instanceof Error ? { message: snapshot.error.message } : snapshot.error
  return JSON.stringify({ status, value, context, historyValue: historyIds(historyValue), output, error })
}

function historyIds(history: AnyMachineSnapshot['historyValue']): object {
  return Object.fromEntries(Object.entries(history).map(([key, nodes]) => [key, nodes.map((node) => ({ id: node.id }))]))
}

/**
 * The live actor of a row: migrated to the current version, its open tasks as stand-in children.
 * @throws QuireError `snapshot-newer`, `snapshot-foreign` or `snapshot-unmigratable`, naming the actor, versions and remedy
 */
export function revive(row: ActorRow, kind: RegisteredActor): LiveActor {
  const { definition, stepper } = kind
  assertReadable(row, definition)
  const armed = JSON.parse(row.armed) as Armed
  const persisted = migrate(JSON.parse(row.snapshot) as Json, row, definition)
  return {
    address: row.address,
    partition: row.partition,
    kind,
    snapshot: stepper.restore(persisted as object, Object.keys(armed.tasks)),
    armed,
    seq: row.seq,
    parked: row.parked,
    traceparent: row.traceparent,
    createdAt: row.createdAt,
    stateSince: row.stateSince,
    updatedAt: row.updatedAt,
  }
}

/** Written by a version this process does not know: such an actor stands still until that version runs. */
export function isNewer(row: Pick<ActorRow, 'version' | 'codec' | 'xstate'>, { version }: Pick<ActorDefinition, 'version'>): boolean {
  return row.version > version || row.codec > codecVersion || row.xstate > xstateMajor
}

function assertReadable(row: ActorRow, definition: ActorDefinition): void {
  if (row.machine !== definition.machine.id) {
    throw new QuireError(
      'snapshot-foreign',
      `${row.address} was written by machine '${row.machine}', not by '${definition.machine.id}'; register the right machine for its type`,
      { details: { address: row.address, stored: row.machine, registered: definition.machine.id } },
    )
  }
  if (isNewer(row, definition)) {
    throw new QuireError(
      'snapshot-newer',
      `${row.address} was written by version ${row.version} (codec ${row.codec}, xstate ${row.xstate}); this process knows version ${definition.version} (codec ${codecVersion}, xstate ${xstateMajor}); deploy the newer version`,
      { details: { address: row.address, stored: row.version, known: definition.version } },
    )
  }
}

function migrate(persisted: Json, row: ActorRow, definition: ActorDefinition): Json {
  let current = persisted
  for (let version = row.version; version < definition.version; version++) {
    const migration = definition.migrations?.[version]
    if (migration === undefined) {
      throw new QuireError(
        'snapshot-unmigratable',
        `${row.address} was written by version ${row.version} and no migration leads from ${version} to ${version + 1}; declare migrations[${version}] in its definition`,
        { details: { address: row.address, stored: row.version, missing: version } },
      )
    }
    current = migration(current)
  }
  return current
}

/** Rules: a state with an external transition waits for the outside, unless the definition is strict. */
function waitsOutside(definition: ActorDefinition, snapshot: AnyMachineSnapshot): boolean {
  const strict = definition.strictWaiting ?? false
  if (typeof strict === 'function' ? strict(snapshot) : strict) {
    return false
  }
  return snapshot.status === 'active' && snapshot._nodes.some((node) => node.ownEvents.some((type) => !type.startsWith('xstate.')))
}

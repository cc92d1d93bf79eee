import type { DueTimer, TaskOutcome } from './delivery.ts'
import type { MailboxRecord } from './message.ts'
import type { HeldRow, TaskUpdate } from './turn-rows.ts'

/** What a poll brought, in the order it is decided. */
export interface Work {
  /** Held messages of an actor that can go on. */
  readonly held: readonly HeldRow[]
  readonly records: readonly MailboxRecord[]
  readonly outcomes: readonly TaskOutcome[]
  readonly timers: readonly DueTimer[]
  readonly taskUpdates: readonly TaskUpdate[]
  /** Why the database refused this one delivery for good: it becomes a dead letter instead of a step. */
  readonly refusal?: unknown
}

export const noWork: Work = Object.freeze({ held: [], records: [], outcomes: [], timers: [], taskUpdates: [] })

export function sizeOf(work: Work): number {
  return work.held.length + work.records.length + work.outcomes.length + work.timers.length
}

export function isIdle(work: Work): boolean {
  return sizeOf(work) === 0 && work.taskUpdates.length === 0
}

/** The first half of the deliveries and the rest, in order; task updates go with the rest. */
export function halve(work: Work): [Work, Work] {
  let left = Math.ceil(sizeOf(work) / 2)
  const cut = <T>(items: readonly T[]): [readonly T[], readonly T[]] => {
    const taken = items.slice(0, left)
    left -= taken.length
    return [taken, items.slice(taken.length)]
  }
  const held = cut(work.held)
  const records = cut(work.records)
  const outcomes = cut(work.outcomes)
  const timers = cut(work.timers)
  return [
    { held: held[0], records: records[0], outcomes: outcomes[0], timers: timers[0], taskUpdates: [] },
    { held: held[1], records: records[1], outcomes: outcomes[1], timers: timers[1], taskUpdates: work.taskUpdates },
  ]
}

/** The work of these partitions alone. */
export function workOf(work: Work, owns: (partition: number) => boolean): Work {
  return {
    ...work,
    held: work.held.filter((row) => owns(row.partition)),
    records: work.records.filter((record) => owns(record.partition)),
    outcomes: work.outcomes.filter((outcome) => owns(outcome.task.partition)),
    timers: work.timers.filter((timer) => owns(timer.partition)),
    taskUpdates: work.taskUpdates.filter((update) => owns(update.partition)),
  }
}

/** Every delivery of this work as a work of its own, in order, with the name it is known by; task updates go with the last. */
export function oneByOne(work: Work): readonly { readonly name: string; readonly work: Work }[] {
  return [
    ...work.held.map((row) => ({ name: `held ${row.address} ${row.offset}`, work: { ...noWork, held: [row] } })),
    ...work.records.map((record) => ({ name: `message ${record.offset}`, work: { ...noWork, records: [record] } })),
    ...work.outcomes.map((outcome) => ({
      name: `outcome ${outcome.task.address} ${outcome.task.id} ${outcome.task.opened}`,
      work: { ...noWork, outcomes: [outcome] },
    })),
    ...work.timers.map((timer) => ({ name: `timer ${timer.address} ${timer.id} ${timer.arming}`, work: { ...noWork, timers: [timer] } })),
    ...(work.taskUpdates.length === 0 ? [] : [{ name: 'task updates', work: { ...noWork, taskUpdates: work.taskUpdates } }]),
  ]
}

/** The partitions that have a share in this work. */
export function partitionsOf(work: Work): ReadonlySet<number> {
  return new Set([...addressesOf(work).values(), ...work.taskUpdates.map(({ partition }) => partition)])
}

/** Where the actors of this work live. */
export function addressesOf(work: Work): Map<string, number> {
  const addresses = new Map<string, number>()
  for (const { address, partition } of [...work.held, ...work.records, ...work.outcomes.map((outcome) => outcome.task), ...work.timers]) {
    addresses.set(address, partition)
  }
  return addresses
}

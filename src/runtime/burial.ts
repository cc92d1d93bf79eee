import type { ActorRow, Armed, ErasedActor, JournalRow, TaskKey, Turn } from './turn-rows.ts'

/** An actor that goes in a turn. */
export interface Burial extends Omit<ErasedActor, 'below'> {
  /** Its tombstone; none where no actor was born. */
  readonly row: ActorRow | undefined
  /** Timers and tasks it had before the turn, as JSON text where it could not be read. */
  readonly armed: Armed | string | undefined
}

/** The turn without what it holds of buried actors: their tombstones instead, and what is to be erased with the commit. */
export function withoutBuried(turn: Turn, burials: readonly Burial[]): Turn {
  if (burials.length === 0) {
    return turn
  }
  const gone = new Set(burials.map((burial) => burial.address))
  const stays = (row: { readonly address: string }): boolean => !gone.has(row.address)
  const below = new Map(turn.partitions.map(({ partition, toOffset }) => [partition, toOffset]))
  return {
    ...turn,
    actors: [...turn.actors.filter(stays), ...burials.flatMap(({ row }) => row ?? [])],
    timersArmed: turn.timersArmed.filter(stays),
    timersDropped: [...turn.timersDropped.filter(stays), ...burials.flatMap(timersOf)],
    tasksOpened: turn.tasksOpened.filter(stays),
    tasksUpdated: turn.tasksUpdated.filter(stays),
    tasksClosed: [...turn.tasksClosed.filter(stays), ...burials.flatMap(tasksOf)],
    journal: turn.journal.map((row) => (stays(row) ? row : withoutPayload(row))),
    deadLetters: turn.deadLetters.filter(stays),
    held: turn.held.filter(stays),
    rows: turn.rows.filter(({ key }) => !gone.has(String(key['address']))),
    erased: burials.map(({ partition, address, cause }) => ({ partition, address, cause, below: below.get(partition) ?? 0 })),
  }
}

/** What happened and when, but not what was said; of an act on the storage all is kept. */
export function withoutPayload(row: JournalRow): JournalRow {
  return row.kind === 'act' ? row : { ...row, event: '{}', notes: null }
}

function armedOf({ armed }: Burial): Armed | undefined {
  return typeof armed === 'string' ? (JSON.parse(armed) as Armed) : armed
}

function timersOf(burial: Burial): Turn['timersDropped'][number][] {
  const { partition, address } = burial
  return Object.keys(armedOf(burial)?.timers ?? {}).map((id) => ({ partition, address, id }))
}

function tasksOf(burial: Burial): TaskKey[] {
  const { partition, address } = burial
  return Object.entries(armedOf(burial)?.tasks ?? {}).map(([id, opened]) => ({ partition, address, id, opened }))
}

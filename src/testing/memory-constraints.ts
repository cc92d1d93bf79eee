import { PortFailure } from '../runtime/port-failure.ts'
import type { ActorRow, JournalRow, TaskKey, TimerRow, Turn } from '../runtime/turn-rows.ts'
import type { MemoryDatabase } from './memory-database.ts'

/**
 * Refuses what Postgres refuses of a turn's values before it runs the statement: U+0000 in a text, a fraction in an int8.
 * @param text the turn as JSON
 * @throws PortFailure `permanent`, with the SQLSTATE a database would give
 */
export function assertValues(turn: Turn, text: string): void {
  if (text.includes('\\u0000') && nul.test(text)) {
    throw refusal('22021', 'a text holds U+0000')
  }
  for (const [table, rows] of Object.entries(turn) as [string, unknown][]) {
    if (Array.isArray(rows) && table !== 'rows') {
      assertWhole(table, rows as readonly object[])
    }
  }
}

/**
 * Refuses what Postgres refuses once the fence has passed: a row that stands twice in one upsert, a second row with a unique
 * key. A zombie's turn repeats entries of its successor and must be told that it is fenced, not that its rows are wrong.
 * @throws PortFailure `permanent`, with the SQLSTATE a database would give
 */
export function assertKeys(db: MemoryDatabase, turn: Turn): void {
  const { actors, timersArmed, tasksOpened, journal } = turn
  assertUnique('21000', 'actors', actors.map(addressOf))
  for (const row of actors) {
    const twin = db.actors.has(row.address) ? undefined : [...db.actors.values()].find((other) => other.addressHash === row.addressHash)
    if (twin !== undefined) {
      throw refusal('23505', `actors would hold the hash of ${twin.address} twice: ${row.address}`)
    }
  }
  assertUnique('21000', 'timers', timersArmed.map(timerKeyOf))
  assertUnique('23505', 'tasks', tasksOpened.map(taskKeyOf), (key) => db.tasks.has(key))
  assertUnique('23505', 'journal', journal.map(entryKeyOf))
  const taken = journal.find(({ partition, entry }) => holdsEntry(db.journal.get(partition) ?? [], entry))
  if (taken !== undefined) {
    throw refusal('23505', `journal would hold a row twice: ${entryKeyOf(taken)}`)
  }
}

/** Rows are kept in order of their entries. */
function holdsEntry(rows: readonly JournalRow[], entry: number): boolean {
  return (rows.at(-1)?.entry ?? 0) >= entry && rows.some((row) => row.entry === entry)
}

function addressOf(row: ActorRow): string {
  return row.address
}

function timerKeyOf(row: TimerRow): string {
  return `${row.address} ${row.id}`
}

function entryKeyOf(row: JournalRow): string {
  return `${row.partition}/${row.entry}`
}

/** A task's primary key within its partition. */
export function taskKeyOf(task: TaskKey): string {
  return `${task.address} ${task.id} ${task.opened}`
}

/** An escaped U+0000, and not an escaped backslash before `u0000`. */
const nul = /(?<!\\)(?:\\\\)*\\u0000/

function assertWhole(table: string, rows: readonly object[]): void {
  for (const row of rows) {
    for (const [column, value] of Object.entries(row) as [string, unknown][]) {
      if (typeof value === 'number' && !Number.isSafeInteger(value)) {
        throw refusal('22P02', `${table}.${column} is no whole number: ${value}`)
      }
    }
  }
}

function assertUnique(code: string, table: string, keys: readonly string[], isStored: (key: string) => boolean = () => false): void {
  const seen = new Set<string>()
  for (const key of keys) {
    if (seen.has(key) || isStored(key)) {
      throw refusal(code, `${table} would hold a row twice: ${key}`)
    }
    seen.add(key)
  }
}

/** An error as the database's driver would throw it, classified. */
export function refusal(code: string, message: string): PortFailure {
  return new PortFailure('database', 'permanent', message, Object.assign(new Error(message), { code }))
}

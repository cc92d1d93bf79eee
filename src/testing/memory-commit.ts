import type { CommitOutcome } from '../runtime/ports.ts'
import type { TaskKey, Turn } from '../runtime/turn-rows.ts'
import { type MemoryDatabase, partitionRow } from './memory-database.ts'

/** Writes a turn as the real commit does: all of it if every partition stands where the turn began, else nothing. */
export function commitInMemory(db: MemoryDatabase, turn: Turn): CommitOutcome {
  const isOwn = turn.partitions.every(({ partition, epoch, fromOffset, fromEntry }) => {
    const row = partitionRow(db, partition)
    return row.epoch === epoch && row.nextOffset === fromOffset && row.nextEntry === fromEntry
  })
  if (!isOwn) {
    return { kind: 'fenced', stored: turn.partitions.map((advance) => ({ ...partitionRow(db, advance.partition) })) }
  }
  for (const { partition, toOffset, toEntry } of turn.partitions) {
    db.partitions.set(partition, { ...partitionRow(db, partition), nextOffset: toOffset, nextEntry: toEntry, lastTurnAt: turn.now })
  }
  for (const row of turn.actors) {
    db.actors.set(row.address, row)
  }
  writeTimers(db, turn)
  writeTasks(db, turn)
  writeLogs(db, turn)
  writeTenantRows(db, turn)
  for (const wake of db.onCommit) {
    wake()
  }
  return { kind: 'committed' }
}

function writeTimers(db: MemoryDatabase, turn: Turn): void {
  for (const row of turn.timersDropped) {
    db.timers.delete(`${row.address} ${row.id}`)
  }
  for (const row of turn.timersArmed) {
    db.timers.set(`${row.address} ${row.id}`, row)
  }
}

function writeTasks(db: MemoryDatabase, turn: Turn): void {
  const keyOf = (task: TaskKey): string => `${task.address} ${task.id} ${task.opened}`
  for (const task of turn.tasksClosed) {
    db.tasks.delete(keyOf(task))
  }
  for (const task of turn.tasksOpened) {
    db.tasks.set(keyOf(task), task)
  }
  for (const update of turn.tasksUpdated) {
    const task = db.tasks.get(keyOf(update))
    if (task !== undefined) {
      const { attempt, failures, notBefore, lastError } = update
      db.tasks.set(keyOf(update), { ...task, attempt, failures, notBefore, lastError })
    }
  }
}

function writeLogs(db: MemoryDatabase, turn: Turn): void {
  for (const row of turn.journal) {
    const rows = db.journal.get(row.partition) ?? []
    rows.push(row)
    db.journal.set(row.partition, rows)
  }
  for (const row of turn.outbox) {
    if (!db.outputIds.has(`${row.partition}/${row.id}`)) {
      db.outputIds.add(`${row.partition}/${row.id}`)
      db.outbox.set(`${row.partition}/${row.entry}`, { row, delivered: false })
    }
  }
  for (const row of turn.inbox) {
    db.inbox.set(`${row.partition}/${row.messageId}`, db.inbox.get(`${row.partition}/${row.messageId}`) ?? row)
  }
  for (const row of turn.deadLetters) {
    db.deadLetters.set(row.id, db.deadLetters.get(row.id) ?? row)
  }
  for (const row of turn.released) {
    db.held.delete(`${row.address} ${row.offset}`)
  }
  for (const row of turn.held) {
    db.held.set(`${row.address} ${row.offset}`, row)
  }
}

function writeTenantRows(db: MemoryDatabase, turn: Turn): void {
  for (const { table, key, values } of turn.rows) {
    const rows = db.rows.get(table) ?? new Map<string, string>()
    db.rows.set(table, rows)
    const definition = db.tables.find((known) => known.name === table)
    rows.set(JSON.stringify(Object.keys(definition?.key ?? key).map((name) => key[name])), JSON.stringify({ ...key, ...values }))
  }
}

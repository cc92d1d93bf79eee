import type { CommitOutcome } from '../runtime/ports.ts'
import type { Turn } from '../runtime/turn-rows.ts'
import { type MemoryDatabase, partitionRow } from './memory-database.ts'
import { eraseInMemory } from './memory-erasure.ts'
import { assertKeys, assertValues, taskKeyOf } from './memory-constraints.ts'
import { prepareTenantRows, writeTenantRows } from './memory-tenant-rows.ts'

/**
 * Writes a turn as the real commit does: all of it if every partition stands where the turn began, else nothing.
 * What is stored is a frozen copy of plain JSON.
 * @throws PortFailure `permanent` for a turn a database would refuse
 */
export function commitInMemory(db: MemoryDatabase, given: Turn): CommitOutcome {
  const text = JSON.stringify(given)
  const turn = JSON.parse(text) as Turn
  assertValues(turn, text)
  const tenantRows = prepareTenantRows(db, turn.rows)
  if (!standsWhereItBegan(db, turn)) {
    const stored = turn.partitions.flatMap(({ partition }) => db.partitions.get(partition) ?? [])
    return { kind: 'fenced', stored: stored.sort((one, other) => one.partition - other.partition).map((row) => ({ ...row })) }
  }
  assertKeys(db, turn)
  for (const { partition, toOffset, toEntry, lastRecord } of turn.partitions) {
    const row = partitionRow(db, partition)
    const position = { nextOffset: toOffset, nextEntry: toEntry, lastTurnAt: turn.now, lastRecord: lastRecord ?? row.lastRecord }
    db.partitions.set(partition, { ...row, ...position, attempts: 0, started: null, halted: null })
  }
  eraseInMemory(db, turn)
  for (const row of turn.actors) {
    db.actors.set(row.address, Object.freeze(row))
  }
  writeTimers(db, turn)
  writeTasks(db, turn)
  writeLogs(db, turn)
  writeTenantRows(db, tenantRows)
  for (const wake of db.onCommit) {
    wake()
  }
  return { kind: 'committed' }
}

function standsWhereItBegan(db: MemoryDatabase, turn: Turn): boolean {
  return turn.partitions.every(({ partition, epoch, fromOffset, fromEntry }) => {
    const row = db.partitions.get(partition)
    return row?.epoch === epoch && row.nextOffset === fromOffset && row.nextEntry === fromEntry
  })
}

function writeTimers(db: MemoryDatabase, turn: Turn): void {
  for (const row of turn.timersDropped) {
    db.timers.delete(`${row.address} ${row.id}`)
  }
  for (const row of turn.timersArmed) {
    db.timers.set(`${row.address} ${row.id}`, Object.freeze(row))
  }
}

function writeTasks(db: MemoryDatabase, turn: Turn): void {
  for (const task of turn.tasksClosed) {
    db.tasks.delete(taskKeyOf(task))
  }
  for (const task of turn.tasksOpened) {
    db.tasks.set(taskKeyOf(task), Object.freeze(task))
  }
  for (const update of turn.tasksUpdated) {
    const task = db.tasks.get(taskKeyOf(update))
    if (task !== undefined) {
      const { attempt, failures, notBefore, lastError } = update
      db.tasks.set(taskKeyOf(update), Object.freeze({ ...task, attempt, failures, notBefore, lastError }))
    }
  }
}

function writeLogs(db: MemoryDatabase, turn: Turn): void {
  for (const row of turn.journal) {
    const rows = db.journal.get(row.partition) ?? []
    rows.push(Object.freeze(row))
    db.journal.set(row.partition, rows)
  }
  for (const row of turn.outbox) {
    if (!db.outputIds.has(`${row.partition}/${row.id}`) && !db.outbox.has(`${row.partition}/${row.entry}`)) {
      db.outputIds.add(`${row.partition}/${row.id}`)
      db.outbox.set(`${row.partition}/${row.entry}`, { row: Object.freeze(row), delivered: false })
    }
  }
  for (const row of turn.inbox) {
    const key = `${row.partition}/${row.messageId}`
    db.inbox.set(key, db.inbox.get(key) ?? Object.freeze(row))
  }
  for (const row of turn.deadLetters) {
    db.deadLetters.set(row.id, db.deadLetters.get(row.id) ?? Object.freeze(row))
  }
  for (const row of turn.released) {
    db.held.delete(`${row.address} ${row.offset}`)
  }
  for (const row of turn.held) {
    const key = `${row.address} ${row.offset}`
    db.held.set(key, db.held.get(key) ?? Object.freeze(row))
  }
}

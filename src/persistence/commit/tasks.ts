import { sql } from 'kysely'
import type { TaskKey, TaskRow, TaskUpdate, Turn } from '../../runtime/turn-rows.ts'
import type { Database } from '../database.ts'
import { type Column, field, names, unnest } from '../rowset.ts'
import { deleteRows, insertRows, type Part } from './insert-rows.ts'

const key: readonly Column<TaskKey>[] = [field('partition', 'int4'), field('address', 'text'), field('id', 'text'), field('opened', 'int8')]
const progress: readonly Column<TaskUpdate>[] = [
  field('attempt', 'int4'),
  field('failures', 'int4'),
  field('notBefore', 'int8'),
  field('lastError', 'text'),
]
const updateColumns: readonly Column<TaskUpdate>[] = [...key, ...progress]
const columns: readonly Column<TaskRow>[] = [
  ...key,
  field('source', 'text'),
  field('input', 'text'),
  field('traceparent', 'text'),
  ...progress,
]

/** Closed, opened, updated: three sets of rows, for a task that is opened anew under its id has another `opened`. */
export function writeTasks(database: Database, turn: Turn): Part[] {
  const closed = new Set(turn.tasksClosed.map(nameOf))
  return [
    ...deleteRows(database, { table: 'tasks', columns: key, keys: turn.tasksClosed }),
    ...insertRows(database, { table: 'tasks', columns, rows: turn.tasksOpened }),
    ...updateTasks(
      database,
      turn.tasksUpdated.filter((task) => !closed.has(nameOf(task))),
    ),
  ]
}

function updateTasks(database: Database, rows: readonly TaskUpdate[]): Part[] {
  const set = progress.map((column) => sql`${sql.id(column.name)} = turn.${sql.id(column.name)}`)
  const same = key.map((column) => sql`stored.${sql.id(column.name)} = turn.${sql.id(column.name)}`)
  return rows.length === 0
    ? []
    : [
        sql`update ${database.table('tasks')} stored set ${sql.join(set)}
          from ${unnest(rows, updateColumns)} as turn(${names(updateColumns)}) where ${sql.join(same, sql` and `)}`,
      ]
}

function nameOf(task: TaskKey): string {
  return `${task.address} ${task.id} ${task.opened}`
}

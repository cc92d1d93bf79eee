import { type Kysely, sql } from 'kysely'
import type { TaskKey, TaskRow, TaskUpdate, Turn } from '../../runtime/turn-rows.ts'
import type { Database } from '../database.ts'
import { type Column, field, names, unnest } from '../rowset.ts'
import { deleteRows, insertRows } from './insert-rows.ts'

const key: readonly Column<TaskKey>[] = [field('partition', 'int4'), field('address', 'text'), field('id', 'text'), field('opened', 'int8')]
const progress: readonly Column<TaskUpdate>[] = [
  field('attempt', 'int4'),
  field('failures', 'int4'),
  field('notBefore', 'int8'),
  field('lastError', 'text'),
]
const updateColumns: readonly Column<TaskUpdate>[] = [...key, ...progress]
const columns: readonly Column<TaskRow>[] = [...key, field('source', 'text'), field('input', 'text'), ...progress]

/** Closed, opened, then updated: a task that was opened anew under its id has another `opened`. */
export async function writeTasks(database: Database, executor: Kysely<unknown>, turn: Turn): Promise<void> {
  await deleteRows(database, executor, { table: 'tasks', columns: key, keys: turn.tasksClosed })
  await insertRows(database, executor, { table: 'tasks', columns, rows: turn.tasksOpened })
  if (turn.tasksUpdated.length > 0) {
    const set = progress.map((column) => sql`${sql.id(column.name)} = turn.${sql.id(column.name)}`)
    const same = key.map((column) => sql`stored.${sql.id(column.name)} = turn.${sql.id(column.name)}`)
    await sql`
      update ${database.table('tasks')} stored set ${sql.join(set)}
      from ${unnest(turn.tasksUpdated, updateColumns)} as turn(${names(updateColumns)})
      where ${sql.join(same, sql` and `)}`.execute(executor)
  }
}

import type { TimerRow, Turn } from '../../runtime/turn-rows.ts'
import type { Database } from '../database.ts'
import { type Column, field } from '../rowset.ts'
import { deleteRows, insertRows, type Part, replacing } from './insert-rows.ts'

type Key = Turn['timersDropped'][number]

const key: readonly Column<Key>[] = [field('partition', 'int4'), field('address', 'text'), field('id', 'text')]
const columns: readonly Column<TimerRow>[] = [
  field('partition', 'int4'),
  field('address', 'text'),
  field('id', 'text'),
  field('due', 'int8'),
  field('arming', 'text'),
]

export function writeTimers(database: Database, turn: Turn): Part[] {
  return [
    ...deleteRows(database, { table: 'timers', columns: key, keys: turn.timersDropped }),
    ...insertRows(database, {
      table: 'timers',
      columns,
      rows: turn.timersArmed,
      onConflict: replacing(columns, ['partition', 'address', 'id']),
    }),
  ]
}

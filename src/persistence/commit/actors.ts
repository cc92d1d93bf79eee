import { sql } from 'kysely'
import type { ActorRow } from '../../runtime/turn-rows.ts'
import type { Database } from '../database.ts'
import { type Column, field, names, unnest } from '../rowset.ts'
import { type Part, replacing } from './insert-rows.ts'

/** Arrays cannot be unnested inside arrays: tags travel as one text. */
const separator = '\u001f'

const columns: readonly Column<ActorRow>[] = [
  field('partition', 'int4'),
  field('address', 'text'),
  field('addressHash', 'text'),
  field('type', 'text'),
  field('machine', 'text'),
  field('version', 'int4'),
  field('xstate', 'int4'),
  field('codec', 'int4'),
  field('seq', 'int8'),
  field('state', 'text'),
  field('runStatus', 'text'),
  { name: 'tags', type: 'text', of: (row) => row.tags.join(separator) },
  field('progress', 'text'),
  field('output', 'text'),
  field('snapshot', 'text'),
  field('armed', 'text'),
  field('waitsOutside', 'bool'),
  field('parked', 'text'),
  field('tombstone', 'text'),
  field('traceparent', 'text'),
  field('createdAt', 'int8'),
  field('stateSince', 'int8'),
  field('updatedAt', 'int8'),
]

const selected = sql.join(
  columns.map((column) => (column.name === 'tags' ? sql`string_to_array(tags, ${sql.lit(separator)})` : sql.id(column.name))),
)

/** One write an actor and turn, whatever the number of its events. */
export function writeActors(database: Database, rows: readonly ActorRow[]): Part[] {
  return rows.length === 0
    ? []
    : [
        sql`insert into ${database.table('actors')} (${names(columns)})
          select ${selected} from ${unnest(rows, columns)} as given(${names(columns)})
          ${replacing(columns, ['partition', 'address'])}`,
      ]
}

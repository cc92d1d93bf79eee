import { sql } from 'kysely'
import type { PartitionAdvance, Turn } from '../../runtime/turn-rows.ts'
import type { Database } from '../database.ts'
import { type Column, field, names, unnest } from '../rowset.ts'
import type { Part } from './insert-rows.ts'

const columns: readonly Column<PartitionAdvance>[] = [
  field('partition', 'int4'),
  field('epoch', 'int8'),
  field('fromOffset', 'int8'),
  field('toOffset', 'int8'),
  field('fromEntry', 'int8'),
  field('toEntry', 'int8'),
  field('lastRecord', 'text'),
]

/** Moves every partition of the turn from where its owner left it; returns a row for each that was still there. */
export function fence(database: Database, turn: Turn): Part {
  return sql`
    update ${database.table('partitions')} stored
    set next_offset = turn.to_offset, next_entry = turn.to_entry, last_turn_at = ${turn.now}::int8,
      last_record = coalesce(turn.last_record, stored.last_record), attempts = 0, started = null, halted = null
    from ${unnest(turn.partitions, columns)} as turn(${names(columns)})
    where stored.id = turn.partition and stored.epoch = turn.epoch
      and stored.next_offset = turn.from_offset and stored.next_entry = turn.from_entry
    returning stored.id`
}

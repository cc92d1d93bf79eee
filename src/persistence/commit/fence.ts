import { type Kysely, sql } from 'kysely'
import type { PartitionAdvance, Turn } from '../../runtime/turn-rows.ts'
import type { Database } from '../database.ts'
import { type Column, field, names, unnest } from '../rowset.ts'

const columns: readonly Column<PartitionAdvance>[] = [
  field('partition', 'int4'),
  field('epoch', 'int8'),
  field('fromOffset', 'int8'),
  field('toOffset', 'int8'),
  field('fromEntry', 'int8'),
  field('toEntry', 'int8'),
]

/** The first statement of a commit: moves every partition of the turn from where its owner left it, or moves fewer than asked. */
export async function fence(database: Database, executor: Kysely<unknown>, turn: Turn): Promise<boolean> {
  const moved = await sql`
    update ${database.table('partitions')} stored
    set next_offset = turn.to_offset, next_entry = turn.to_entry, last_turn_at = ${turn.now}::int8
    from ${unnest(turn.partitions, columns)} as turn(${names(columns)})
    where stored.id = turn.partition and stored.epoch = turn.epoch
      and stored.next_offset = turn.from_offset and stored.next_entry = turn.from_entry`.execute(executor)
  return Number(moved.numAffectedRows ?? 0) === turn.partitions.length
}

import { type RawBuilder, sql } from 'kysely'
import type { TableDefinition } from '../../runtime/define-actor.ts'
import { actorTypeOf, addressHash, hashAddress, type Position } from '../../runtime/message.ts'
import type { ErasedActor, Turn } from '../../runtime/turn-rows.ts'
import type { Database } from '../database.ts'
import { type Column, field, names, unnest } from '../rowset.ts'
import { deleteRows, type Part } from './insert-rows.ts'

const columns: readonly Column<ErasedActor>[] = [
  field('partition', 'int4'),
  field('address', 'text'),
  field('below', 'int8'),
  field('cause', 'text'),
]

const positions: readonly Column<Position>[] = [field('partition', 'int4'), { name: 'position', type: 'int8', of: ({ offset }) => offset }]

const letters: readonly Column<string>[] = [{ name: 'id', type: 'text', of: (id) => id }]

/**
 * Deletes what is stored of actors that are gone, under their address and under its hash, by which verdicts find them. Rows
 * which this very commit writes are not seen by it: the turn holds none that should go.
 */
export function eraseActors(database: Database, turn: Turn, tables: ReadonlyMap<string, TableDefinition>): Part[] {
  return [
    ...deleteRows(database, { table: 'mailbox', columns: positions, keys: turn.withheld }),
    ...deleteRows(database, { table: 'dead_letters', columns: letters, keys: turn.discarded }),
    ...(turn.erased.length === 0 ? [] : erase(database, turn.erased.flatMap(underBothNames), tables)),
  ]
}

function underBothNames(gone: ErasedActor): readonly ErasedActor[] {
  return [gone, { ...gone, address: hashAddress(actorTypeOf(gone.address), addressHash(gone.address)) }]
}

function erase(database: Database, gone: readonly ErasedActor[], tables: ReadonlyMap<string, TableDefinition>): Part[] {
  const erased = sql`${unnest(gone, columns)} as gone(${names(columns)})`
  const same = sql`stored.partition = gone.partition and stored.address = gone.address`
  const from = (table: string, where: RawBuilder<unknown>): Part =>
    sql`delete from ${database.table(table)} stored using ${erased} where ${where}`
  const own = [...tables.values()].filter((table) => table.key['address'] === 'text')
  return [
    from('timers', same),
    from('tasks', same),
    from('held_messages', same),
    from('dead_letters', same),
    from('outbox', sql`${same} and stored.delivered_at is not null`),
    from('mailbox', sql`${same} and stored.position < gone.below`),
    from('journal', sql`${same} and gone.cause = 'archived' and stored.kind <> 'act'`),
    sql`update ${database.table('journal')} stored set event = '{}', notes = null
      from ${erased} where ${same} and gone.cause = 'forgotten' and stored.kind <> 'act'`,
    ...own.map(({ name }) => from(name, sql`stored.address = gone.address`)),
  ]
}

import { sql } from 'kysely'
import type { Claim, Gap } from '../runtime/ports.ts'
import type { Database } from './database.ts'
import { camelRows } from './rowset.ts'

const columns = sql`id as partition, epoch, owner, next_offset, next_entry, last_turn_at, last_record, attempts, started`

type StoredPartition = Claim & { readonly owner: string | null }

export async function readPartitions(database: Database, partitions: readonly number[]): Promise<readonly StoredPartition[]> {
  const { rows } =
    await sql`select ${columns} from ${database.table('partitions')} where id = any(${partitions}::int4[]) order by id`.execute(
      database.kysely,
    )
  return camelRows(rows)
}

/** Takes partitions over under a new epoch; whoever owned them is fenced from now on. */
export async function claimPartitions(database: Database, partitions: readonly number[], owner: string): Promise<readonly Claim[]> {
  const { rows } = await sql`
    update ${database.table('partitions')} set epoch = epoch + 1, owner = ${owner}
    where id = any(${partitions}::int4[]) returning ${columns}`.execute(database.kysely)
  return camelRows(rows)
}

export async function releasePartitions(database: Database, claims: readonly Pick<Claim, 'partition' | 'epoch'>[]): Promise<void> {
  await sql`
    update ${database.table('partitions')} stored set owner = null
    from unnest(${claims.map((claim) => claim.partition)}::int4[], ${claims.map((claim) => claim.epoch)}::int8[]) as own(partition, epoch)
    where stored.id = own.partition and stored.epoch = own.epoch`.execute(database.kysely)
}

/** Counts that work is begun; a zombie's count is void. */
export async function markBegun(database: Database, claims: readonly Pick<Claim, 'partition' | 'epoch'>[]): Promise<void> {
  await sql`
    update ${database.table('partitions')} stored set attempts = attempts + 1
    from unnest(${claims.map((claim) => claim.partition)}::int4[], ${claims.map((claim) => claim.epoch)}::int8[]) as own(partition, epoch)
    where stored.id = own.partition and stored.epoch = own.epoch`.execute(database.kysely)
}

/** Notes what is about to be stepped alone; a zombie's note is void. */
export async function markStarted(database: Database, claim: Pick<Claim, 'partition' | 'epoch'>, started: string): Promise<void> {
  await sql`
    update ${database.table('partitions')} set started = ${started}
    where id = ${claim.partition} and epoch = ${claim.epoch}`.execute(database.kysely)
}

export async function markHalted(database: Database, claim: Pick<Claim, 'partition' | 'epoch'>, why: string): Promise<void> {
  await sql`
    update ${database.table('partitions')} set halted = ${why}
    where id = ${claim.partition} and epoch = ${claim.epoch}`.execute(database.kysely)
}

export async function readHalted(
  database: Database,
): Promise<readonly { readonly partition: number; readonly nextOffset: number; readonly why: string }[]> {
  const { rows } = await sql`
    select id as partition, next_offset, halted as why from ${database.table('partitions')} where halted is not null order by id`.execute(
    database.kysely,
  )
  return camelRows(rows)
}

/** The journal entry and the move are one statement; the new epoch fences whoever still reads from the old place. */
export async function acceptGap(database: Database, { partition, from, to, by, at }: Gap): Promise<boolean> {
  const event = JSON.stringify({ type: 'GAP_ACCEPTED', from, to, by, at })
  const { rows } = await sql`
    with moved as (
      update ${database.table('partitions')}
      set epoch = epoch + 1, next_offset = ${to}, next_entry = next_entry + 1, last_record = null, halted = null, attempts = 0, started = null
      where id = ${partition} and next_offset = ${from}
      returning id, next_entry - 1 as entry
    )
    insert into ${database.table('journal')} (partition, entry, address, seq, kind, message_id, at, event, state, transitions)
    select id, entry, ${`partition/${partition}`}, 0, 'gap', ${`gap-${from}-${to}`}, ${at}, ${event}, '', '[]' from moved
    returning entry`.execute(database.kysely)
  return rows.length === 1
}

import { sql } from 'kysely'
import type { Claim } from '../runtime/ports.ts'
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
    update ${database.table('partitions')} set epoch = epoch + 1, owner = ${owner}, attempts = attempts + 1
    where id = any(${partitions}::int4[]) returning ${columns}`.execute(database.kysely)
  return camelRows(rows)
}

export async function releasePartitions(database: Database, claims: readonly Pick<Claim, 'partition' | 'epoch'>[]): Promise<void> {
  await sql`
    update ${database.table('partitions')} stored set owner = null
    from unnest(${claims.map((claim) => claim.partition)}::int4[], ${claims.map((claim) => claim.epoch)}::int8[]) as own(partition, epoch)
    where stored.id = own.partition and stored.epoch = own.epoch`.execute(database.kysely)
}

/** Notes what is about to be stepped alone; a zombie's note is void. */
export async function markStarted(database: Database, claim: Pick<Claim, 'partition' | 'epoch'>, started: string): Promise<void> {
  await sql`
    update ${database.table('partitions')} set started = ${started}
    where id = ${claim.partition} and epoch = ${claim.epoch}`.execute(database.kysely)
}

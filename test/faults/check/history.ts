import { query, queryUntil } from './database.ts'

/**
 * Writes down every change of a partition's row, as Postgres sees it: a trigger that the hosts do not know of. Numbers come from
 * a sequence under the row's lock, so per partition they are in order.
 */
const recorder = `
create table if not exists fault_history (
  n bigserial primary key, partition int4, epoch_before int8, epoch int8, owner text,
  offset_before int8, offset_after int8, entry_before int8, entry_after int8
);
create or replace function fault_record() returns trigger language plpgsql as $$
begin
  insert into fault_history (partition, epoch_before, epoch, owner, offset_before, offset_after, entry_before, entry_after)
  values (new.id, old.epoch, new.epoch, new.owner, old.next_offset, new.next_offset, old.next_entry, new.next_entry);
  return null;
end $$;
create or replace trigger fault_recorder after update on quire.partitions for each row execute function fault_record();`

/** Resolves when the hosts have made their tables and each partition's history is being written. */
export async function recordHistory(url: string): Promise<void> {
  const exists = `select 1 from pg_tables where schemaname = 'quire' and tablename = 'partitions'`
  if (!(await queryUntil(url, exists, (rows) => rows.length > 0, 120_000))) {
    throw new Error('the hosts made no tables in two minutes')
  }
  await query(url, recorder)
}

/** Resolves true when that many owners share the partitions. */
export function everyHostOwns(url: string, hosts: number, patienceMs: number): Promise<boolean> {
  const owners = 'select count(distinct owner)::int4 as owners, count(owner) = count(*) as whole from quire.partitions'
  return queryUntil(url, owners, ([row]) => row?.['owners'] === hosts && row['whole'] === true, patienceMs)
}

/** Resolves true when every partition has handled a message in a commit after that moment (ms). */
export function everyPartitionMoved(url: string, after: number, patienceMs: number): Promise<boolean> {
  return queryUntil(url, firstMoves([after]), ([row]) => row?.['recovered_at'] != null, patienceMs)
}

/** Of each moment: when the last of the partitions handled a message again; null if one never did. */
function firstMoves(moments: readonly number[]): string {
  return `
    with moments as (select unnest(array[${moments.map((ms) => `to_timestamp(${ms}::float8 / 1000)`).join(', ')}]) as at),
    moves as (
      select partition, pg_xact_commit_timestamp(xmin) as at from fault_history where offset_after > offset_before
    ),
    firsts as (
      select m.at as moment, p.id, (select min(v.at) from moves v where v.partition = p.id and v.at > m.at) as first
      from moments m cross join quire.partitions p
    )
    select (extract(epoch from moment) * 1000)::float8 as moment,
      case when bool_and(first is not null) then (extract(epoch from max(first)) * 1000)::float8 end as recovered_at
    from firsts group by moment order by moment`
}

/** Time from each moment until every partition has handled a message again, ms; those that never did are left out. */
export async function recoveries(url: string, moments: readonly number[]): Promise<readonly number[]> {
  if (moments.length === 0) {
    return []
  }
  const rows = await query(url, firstMoves(moments))
  return rows.flatMap((row) => (row['recovered_at'] === null ? [] : [Math.round(Number(row['recovered_at']) - Number(row['moment']))]))
}

/** Where epochs or positions did not rise, or a change began elsewhere than the one before had ended. */
export async function brokenHistory(url: string): Promise<readonly string[]> {
  const rows = await query(
    url,
    `select * from (
      select n, partition, epoch_before, epoch, offset_before, offset_after, entry_before, entry_after,
        lag(epoch) over w as last_epoch, lag(offset_after) over w as last_offset, lag(entry_after) over w as last_entry, lag(owner) over w as last_owner, owner
      from fault_history window w as (partition by partition order by n)
    ) h where epoch < epoch_before or offset_after < offset_before or entry_after < entry_before
      or last_epoch is distinct from epoch_before and last_epoch is not null
      or last_offset is distinct from offset_before and last_offset is not null
      or last_entry is distinct from entry_before and last_entry is not null
      or (epoch = epoch_before and owner is distinct from last_owner and owner is not null and last_owner is not null)`,
  )
  return rows.map((row) => `partition ${row['partition']}: ${JSON.stringify(row)}`)
}

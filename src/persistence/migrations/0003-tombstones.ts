/**
 * Actors that were archived or forgotten leave a tombstone in their row: so a late message finds it by address and by hash, as
 * it found the actor. The index serves retention; no column of it changes with an event.
 */
export const tombstones = `
alter table {schema}.actors add column tombstone text;
create index actors_over on {schema}.actors (partition, created_at) where run_status <> 'active' and tombstone is null;

alter table {schema}.dead_letters add column replays int4 not null default 0;
update {schema}.dead_letters set replays = 1 where replayed;
`

/**
 * What a log outside the database asks for: by which message a partition recognises it, actors by the hash that a comparison
 * id knows, claims without progress, and how far the outside was read.
 */
export const log = `
alter table {schema}.partitions add column last_record text;
alter table {schema}.partitions add column attempts int4 not null default 0;
alter table {schema}.partitions add column started text;
alter table {schema}.partitions add column halted text;

alter table {schema}.actors add column address_hash text;
update {schema}.actors set address_hash = left(encode(sha256(convert_to(address, 'UTF8')), 'hex'), 14);
alter table {schema}.actors alter column address_hash set not null;
create unique index actors_by_hash on {schema}.actors (partition, address_hash);

create table {schema}.inbound_progress (
  topic text not null,
  partition int4 not null,
  read_up_to int8,
  at int8 not null default 0,
  primary key (topic, partition)
);
`

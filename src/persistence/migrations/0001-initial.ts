/**
 * Every table is keyed by partition first, so that it can be split without a change to the turn. Snapshots and events are
 * `text`: at 100 rows a commit Postgres took 57k rows/s as text, 42k as json, 16k as jsonb. `actors` keeps free space for
 * heap-only updates and has no index on a column that changes with every event.
 */
export const initial = `
create table {schema}.partitions (
  id int4 primary key,
  epoch int8 not null default 0,
  owner text,
  next_offset int8 not null default 0,
  next_entry int8 not null default 1,
  last_turn_at int8 not null default 0
) with (fillfactor = 50);

create table {schema}.mailbox_heads (
  partition int4 primary key,
  next_position int8 not null default 0
) with (fillfactor = 50);

create table {schema}.mailbox (
  partition int4 not null,
  position int8 not null,
  id text not null,
  address text not null,
  kind text not null,
  body text not null,
  replay_of text,
  appended_at int8 not null,
  primary key (partition, position),
  unique (partition, address, id)
);

create table {schema}.actors (
  partition int4 not null,
  address text not null,
  type text not null,
  machine text not null,
  version int4 not null,
  xstate int4 not null,
  codec int4 not null,
  seq int8 not null,
  state text not null,
  run_status text not null,
  tags text[] not null,
  progress text,
  output text,
  snapshot text not null,
  armed text not null,
  waits_outside bool not null,
  parked text,
  created_at int8 not null,
  state_since int8 not null,
  updated_at int8 not null,
  primary key (partition, address)
) with (fillfactor = 70);
create index actors_by_type on {schema}.actors (type, address);
create index actors_active on {schema}.actors (partition) where run_status = 'active';

create table {schema}.timers (
  partition int4 not null,
  address text not null,
  id text not null,
  due int8 not null,
  arming text not null,
  primary key (partition, address, id)
);
create index timers_by_due on {schema}.timers (partition, due);

create table {schema}.tasks (
  partition int4 not null,
  address text not null,
  id text not null,
  opened int8 not null,
  source text not null,
  input text,
  attempt int4 not null,
  failures int4 not null,
  not_before int8 not null,
  last_error text,
  primary key (partition, address, id, opened)
);

create table {schema}.outbox (
  partition int4 not null,
  entry int8 not null,
  id text not null,
  address text not null,
  target text not null,
  key text not null,
  payload text not null,
  created_at int8 not null,
  delivered_at int8,
  primary key (partition, entry),
  unique (partition, id)
);
create index outbox_open on {schema}.outbox (partition, entry) where delivered_at is null;
create index outbox_by_address on {schema}.outbox (partition, address);

create table {schema}.journal (
  partition int4 not null,
  entry int8 not null,
  address text not null,
  seq int8 not null,
  kind text not null,
  message_id text not null,
  at int8 not null,
  event text not null,
  state text not null,
  transitions text not null,
  notes text,
  ignored text,
  primary key (partition, entry)
);
create index journal_by_address on {schema}.journal (partition, address, entry);

create table {schema}.inbox (
  partition int4 not null,
  message_id text not null,
  digest text not null,
  at int8 not null,
  primary key (partition, message_id)
);

create table {schema}.dead_letters (
  partition int4 not null,
  id text not null,
  address text not null,
  message_id text not null,
  kind text not null,
  body text not null,
  cause text not null,
  message text not null,
  at int8 not null,
  replayed bool not null default false,
  primary key (partition, id)
);

create table {schema}.held_messages (
  partition int4 not null,
  address text not null,
  "offset" int8 not null,
  message_id text not null,
  kind text not null,
  body text not null,
  primary key (partition, address, "offset")
);

create table {schema}.settings (
  name text primary key,
  value text not null
);
`

import pg from 'pg'
import type { ActorRow } from '../src/runtime/turn-rows.ts'

/** What is written of an actor. */
type Sample = Pick<ActorRow, 'snapshot' | 'armed'>

/**
 * What Postgres itself takes: the rows of turns of such an actor by bare SQL, 100 events a commit (fence, snapshots, journal,
 * inbox), after reading as many messages. Events per second.
 */
export async function groupCommitCeiling(url: string, sample: Sample, seconds: number): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await hundredsPerSecond(client, sample, seconds)
  } finally {
    await client.end()
  }
}

async function hundredsPerSecond(client: pg.Client, sample: Sample, seconds: number): Promise<number> {
  await client.query('create schema bare')
  for (const table of ['partitions', 'actors', 'journal', 'inbox', 'mailbox']) {
    await client.query(`create table bare.${table} (like quire.${table} including all)`)
  }
  await client.query('insert into bare.partitions (id) values (0)')
  await fillMailbox(client)
  const until = performance.now() + seconds * 1_000
  const started = performance.now()
  let events = 0
  while (performance.now() < until) {
    await commitHundred(client, sample, events)
    events += 100
  }
  return Math.round(events / ((performance.now() - started) / 1_000))
}

async function fillMailbox(client: pg.Client): Promise<void> {
  await client.query(`insert into bare.mailbox (partition, position, id, address, kind, body, appended_at)
    select 0, n, 'e' || n, 'counter/' || n % 200, 'event', '{"type":"ADD","by":1}', 0 from generate_series(0, 9999) n`)
}

const actorColumns = ['address', 'seq', 'state', 'snapshot', 'armed'] as const

async function commitHundred(client: pg.Client, sample: Sample, base: number): Promise<void> {
  const numbers = Array.from({ length: 100 }, (_, index) => base + index)
  const named = (name: string, text: string, values: unknown[]) => client.query({ name, text, values })
  await named('poll', 'select * from bare.mailbox where partition = 0 and position >= $1 order by position limit 100', [base % 9_900])
  await client.query('begin')
  await named('fence', 'update bare.partitions set next_offset = $1, next_entry = $2, last_turn_at = $3 where id = 0 and epoch = 0', [
    base + 100,
    base + 100,
    base,
  ])
  await named(
    'actors',
    `insert into bare.actors (partition, address, address_hash, type, machine, version, xstate, codec, seq, state, run_status, tags, snapshot, armed, waits_outside, created_at, state_since, updated_at)
     select 0, address, address, 'counter', 'counter', 1, 5, 1, seq, state, 'active', '{}', snapshot, armed, true, 0, 0, 0
     from unnest($1::text[], $2::int8[], $3::text[], $4::text[], $5::text[]) as g(${actorColumns.join(', ')})
     on conflict (partition, address) do update set seq = excluded.seq, state = excluded.state, snapshot = excluded.snapshot, armed = excluded.armed, updated_at = excluded.updated_at`,
    [
      numbers.map((number) => `counter/${number % 200}`),
      numbers,
      numbers.map((number) => (number % 2 === 0 ? 'odd' : 'even')),
      numbers.map(() => sample.snapshot),
      numbers.map(() => sample.armed),
    ],
  )
  await named(
    'journal',
    `insert into bare.journal (partition, entry, address, seq, kind, message_id, at, event, state, transitions)
     select 0, entry, address, entry, 'event', id, 0, '{"type":"ADD","by":1}', 'odd', '["counter.even|ADD|0"]' from unnest($1::int8[], $2::text[], $3::text[]) as g(entry, address, id)`,
    [numbers, numbers.map((number) => `counter/${number % 200}`), numbers.map((number) => `e${number}`)],
  )
  await named(
    'inbox',
    `insert into bare.inbox (partition, message_id, digest, at) select 0, id, '0123456789abcdef', 0 from unnest($1::text[]) as g(id)`,
    [numbers.map((number) => `counter/${number % 200}#e${number}`)],
  )
  await client.query('commit')
}

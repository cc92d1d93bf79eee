import pg from 'pg'
import { kafkaClient } from '../../test/support/kafka/client.ts'

/** What the hops carry: as many bytes as Quire's own rows and events of the same decision. */
export interface BareRelayConfig {
  readonly database: string
  readonly brokers: readonly string[]
  readonly prefix: string
  readonly snapshot: string
  readonly journal: string
  readonly outputs: readonly { readonly topic: string; readonly payload: string }[]
}

/**
 * The floor of a decision: the same hops with nothing in them. Consume from `in`, re-key to `mailbox`, consume, one commit of one
 * statement, produce the outputs, mark them delivered. By kafkajs as Quire uses it: tried once, all in-sync replicas, short waits.
 */
const config = JSON.parse(process.argv[2] ?? '') as BareRelayConfig
const kafka = kafkaClient(config.brokers)
const client = new pg.Client({ connectionString: config.database })
const producer = kafka.producer({ maxInFlightRequests: 1, retry: { retries: 0 } })

async function consuming(topic: string, take: (key: string, value: string) => Promise<unknown>): Promise<void> {
  const consumer = kafka.consumer({ groupId: `${config.prefix}bare.${topic}`, maxWaitTimeInMs: 5 })
  await consumer.connect()
  await consumer.subscribe({ topic: `${config.prefix}bare.${topic}`, fromBeginning: true })
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message }) => void (await take(String(message.key), String(message.value))),
  })
  await joined
}

async function commit(key: string): Promise<void> {
  await client.query({
    name: 'commit',
    text: `with moved as (update bare.positions set next = next + 1 where id = 0),
        actor as (insert into bare.actors values ($1, $2) on conflict (address) do update set snapshot = excluded.snapshot),
        journal as (insert into bare.journal (address, event) values ($1, $3)),
        inbox as (insert into bare.inbox values ($1 || random()))
      insert into bare.outbox (address, payload) select $1, payload from unnest($4::text[]) payload`,
    values: [key, config.snapshot, config.journal, config.outputs.map(({ payload }) => payload)],
  })
}

await client.connect()
await client.query(`create schema bare;
  create table bare.positions (id int primary key, next int8);
  insert into bare.positions values (0, 0);
  create table bare.actors (address text primary key, snapshot text);
  create table bare.journal (entry bigserial primary key, address text, event text);
  create table bare.inbox (id text primary key);
  create table bare.outbox (entry bigserial primary key, address text, payload text)`)
await producer.connect()
await consuming('mailbox', async (key) => {
  await commit(key)
  await producer.sendBatch({
    acks: -1,
    topicMessages: config.outputs.map(({ topic, payload }) => ({
      topic: `${config.prefix}bare.${topic}`,
      messages: [{ key, value: payload }],
    })),
  })
})
await consuming('in', (key, value) => producer.send({ topic: `${config.prefix}bare.mailbox`, acks: -1, messages: [{ key, value }] }))
process.send?.({ kind: 'ready' })
process.once('disconnect', () => process.exit())

import pg from 'pg'
import { kafkaPorts } from '../../src/kafka/kafka-ports.ts'
import { kafkaDefaults } from '../../src/kafka/options.ts'
import { type Message, partitionOf } from '../../src/runtime/message.ts'
import type { Mailbox } from '../../src/runtime/ports.ts'
import { silentLogger, systemClock } from '../../src/runtime/system.ts'
import { createTcpProxy } from '../../test/support/tcp-proxy.ts'
import { smallMachine } from '../machines.ts'
import { type Forked, forked } from './forked.ts'
import type { QuireNodeMessage } from './quire-node.ts'
import { onServers, type Servers } from './servers.ts'

const partitions = 16
const prefix = 'takeover.'
/** How long a server is away, ms. */
const awayMs = 5_000
/** What is promised, ms. */
const limits = { firstElsewhere: kafkaDefaults.sessionTimeoutMs + 2_000, fullWork: kafkaDefaults.sessionTimeoutMs + 5_000 }

/**
 * One message a partition every 50 ms. How long the partitions of a killed node stand still, and how long all of them after
 * the broker (kill -9 and a start) and the database (connections reset and refused) are back. Sets the exit code where a promise is broken.
 */
export function takeoverBench(): Promise<object> {
  return onServers(async (servers) => {
    const proxy = await createTcpProxy({ target: { host: '127.0.0.1', port: servers.postgres.port } })
    const database = servers.postgres.url.replace(`:${servers.postgres.port}/`, `:${proxy.port}/`)
    const config = { database, brokers: servers.kafka.brokers, prefix, partitions }
    const start = (owner: string): Forked<QuireNodeMessage> => forked('./quire-node.ts', { ...config, owner })
    const first = start('first')
    await first.until((message) => message.kind === 'status' && message.owned === partitions)
    const second = start('second')
    const view = await viewOf(servers)
    const load = steadyLoad(servers)
    await view.until((rows) => new Set(rows.map(({ owner }) => owner)).size === 2)
    await view.handledBeyond(await load.ends())
    const killed = await afterKill(view, second)
    const broker = await afterBroker(servers, view, load)
    const postgres = await afterPostgres(proxy, view, load)
    load.stop()
    await first.stop()
    await Promise.all([view.close(), proxy.close(), load.close()])
    return verdict({ sessionTimeoutMs: kafkaDefaults.sessionTimeoutMs, limits, killed, broker, postgres })
  })
}

interface Figures {
  readonly sessionTimeoutMs: number
  readonly limits: typeof limits
  readonly killed: { readonly firstMs: number; readonly allMs: number }
  readonly broker: { readonly fullWorkMs: number }
  readonly postgres: { readonly fullWorkMs: number }
}

function verdict(figures: Figures): Figures {
  const { killed, broker, postgres } = figures
  const kept = killed.firstMs <= limits.firstElsewhere && Math.max(broker.fullWorkMs, postgres.fullWorkMs) <= limits.fullWork
  process.exitCode = kept ? 0 : 1
  return figures
}

/** From kill -9 to the first message, and to one of each partition, handled by the node that is left. */
async function afterKill(view: View, victim: Forked<QuireNodeMessage>) {
  const orphans = (await view.rows()).filter(({ owner }) => owner === 'second').map(({ id }) => id)
  await victim.kill()
  const killedAt = performance.now()
  const before = new Map((await view.rows()).map((row) => [row.id, row.next]))
  const moved = (rows: readonly PartitionRow[]) =>
    rows.filter(({ id, owner, next }) => orphans.includes(id) && owner === 'first' && next > (before.get(id) ?? 0))
  await view.until((rows) => moved(rows).length > 0)
  const firstMs = since(killedAt)
  await view.until((rows) => moved(rows).length === orphans.length)
  return { partitions: orphans.length, firstMs, allMs: since(killedAt) }
}

async function afterBroker({ kafka }: Servers, view: View, load: Load) {
  await kafka.kill(1)
  await pause(awayMs)
  await kafka.start(1)
  const backAt = performance.now()
  await view.handledBeyond(await load.ends())
  return { fullWorkMs: since(backAt) }
}

async function afterPostgres(proxy: Awaited<ReturnType<typeof createTcpProxy>>, view: View, load: Load) {
  await proxy.set({ kind: 'refuse' })
  await pause(awayMs)
  await proxy.set({ kind: 'pass' })
  const backAt = performance.now()
  await view.handledBeyond(await load.ends())
  return { fullWorkMs: since(backAt) }
}

interface PartitionRow {
  readonly id: number
  readonly owner: string | null
  readonly next: number
}

type View = Awaited<ReturnType<typeof viewOf>>

/** The partitions as the database has them, looked at every 20 ms by a connection that no fault meets. */
async function viewOf({ postgres }: Servers) {
  const client = new pg.Client({ connectionString: postgres.url })
  await client.connect()
  const rows = async (): Promise<readonly PartitionRow[]> => {
    const found = await client.query('select id, owner, next_offset::int4 as next from quire.partitions order by id')
    return found.rows as PartitionRow[]
  }
  const until = async (isWanted: (found: readonly PartitionRow[]) => boolean): Promise<void> => {
    while (!isWanted(await rows())) {
      await pause(20)
    }
  }
  return {
    rows,
    until,
    /** Resolves when every partition has handled a message that was appended after these ends. */
    handledBeyond: (ends: readonly number[]) => until((found) => found.every(({ id, next }) => next > (ends[id] ?? 0))),
    close: () => client.end(),
  }
}

type Load = ReturnType<typeof steadyLoad>

/** One message a partition every 50 ms; what cannot be appended is left out. */
function steadyLoad({ kafka }: Servers) {
  const parts = { clock: systemClock, logger: silentLogger, partitions, maxMessageBytes: 100_000, clientId: 'load' }
  const { mailbox, broker } = kafkaPorts({ brokers: kafka.brokers, topicPrefix: prefix, groupId: `${prefix}group` }, parts)
  const addresses = onePerPartition()
  let stopped = false
  const append = async (number: number): Promise<void> => {
    const messages = addresses.map((address): Message => messageOf(address, number))
    await mailbox.append(messages).catch(() => undefined)
  }
  const run = async (): Promise<void> => {
    for (let number = 0; !stopped; number++) {
      await append(number)
      await pause(50)
    }
  }
  void run()
  return { ends: () => endsOnce(mailbox), stop: () => void (stopped = true), close: () => broker.close() }
}

function messageOf(address: string, number: number): Message {
  return number === 0
    ? { id: 'create', address, kind: 'create', body: JSON.stringify(smallMachine.input(0)) }
    : { id: `e${number}`, address, kind: 'event', body: JSON.stringify(smallMachine.event(0, number)) }
}

function onePerPartition(): readonly string[] {
  const found = new Map<number, string>()
  for (let actor = 0; found.size < partitions; actor++) {
    const address = smallMachine.address(actor)
    found.set(partitionOf(address, partitions), found.get(partitionOf(address, partitions)) ?? address)
  }
  return [...found.values()]
}

/** The ends of the log, asked for until its server answers. */
async function endsOnce(mailbox: Mailbox): Promise<readonly number[]> {
  const ids = Array.from({ length: partitions }, (_, id) => id)
  for (;;) {
    const ends = await mailbox.ends(ids).catch(() => undefined)
    if (ends !== undefined) {
      return ends
    }
    await pause(20)
  }
}

function since(start: number): number {
  return Math.round(performance.now() - start)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

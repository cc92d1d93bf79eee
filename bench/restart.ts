import pg from 'pg'
import { startPostgres } from '../test/support/postgres.ts'
import { batchMachineLoad } from './machines.ts'
import { rigOn, round } from './rig.ts'

const batches = 100_000

/** 100,000 live batches stored; from `start()` to the first handled message, and the heap afterwards. */
export async function restartBench(): Promise<object> {
  const server = await startPostgres()
  try {
    await seed(server.url)
    let handledAt = 0
    const rig = await rigOn(
      { url: server.url },
      {
        actors: batchMachineLoad.actors,
        onCommit: () => {
          handledAt = handledAt === 0 ? performance.now() : handledAt
        },
      },
    )
    const address = batchMachineLoad.address(7)
    await rig.store.open({ partitions: 64, tables: Object.values(batchMachineLoad.actors).flatMap((actor) => actor.tables ?? []) })
    const [position] = await rig.mailbox.append([{ id: 'first', address, kind: 'event', body: JSON.stringify({ type: 'PAUSE' }) }])
    const before = heapMb()
    const started = performance.now()
    await rig.runtime.start()
    if (position !== undefined) {
      await rig.runtime.whenProcessed(position)
    }
    const firstHandledMs = round(handledAt - started)
    const heap = heapMb()
    await rig.runtime.stop({ drainMs: 0 })
    return { batches, firstHandledMs, heapMb: heap, heapBeforeMb: before }
  } finally {
    await server.stop()
  }
}

/** One real batch in WAITING_CALLBACKS, copied in SQL under other addresses, with its timers. */
async function seed(url: string): Promise<void> {
  const rig = await rigOn({ url }, { actors: batchMachineLoad.actors })
  await rig.runtime.start()
  const model = batchMachineLoad.address(0)
  await rig.runtime.create(model, batchMachineLoad.input(0), { id: 'create' })
  await rig.runtime.waitFor(model, { state: 'WAITING_CALLBACKS' })
  await rig.runtime.whenIdle()
  await rig.runtime.stop()
  const client = new pg.Client({ connectionString: url })
  // A server that is stopped after a failure ends the connection, which must not hide that failure.
  client.on('error', () => undefined)
  await client.connect()
  // The hash of an address and its partition are part of its row: the first 56 bits of SHA-256, and these modulo 64.
  const hash = `substr(encode(sha256(convert_to('batch/bench-' || n, 'UTF8')), 'hex'), 1, 14)`
  const place = `(('x' || ${hash})::bit(56)::int8 % 64)::int4`
  const columns = (
    await client.query(`select string_agg(column_name, ', ') as list from information_schema.columns
    where table_schema = 'quire' and table_name = 'actors' and column_name not in ('partition', 'address', 'address_hash')`)
  ).rows[0]?.list as string
  await client.query(
    `insert into quire.actors (partition, address, address_hash, ${columns})
    select ${place}, 'batch/bench-' || n, ${hash}, ${columns} from quire.actors, generate_series(1, ${batches - 1}) n where address = $1`,
    [model],
  )
  await client.query(
    `insert into quire.timers (partition, address, id, due, arming)
    select ${place}, 'batch/bench-' || n, id, due + n, arming from quire.timers, generate_series(1, ${batches - 1}) n where address = $1`,
    [model],
  )
  await client.query('analyze')
  await client.end()
}

function heapMb(): number {
  globalThis.gc?.()
  return round(process.memoryUsage().heapUsed / 1_048_576)
}

import pg from 'pg'
import { batchMachineLoad } from './machines.ts'
import { rigOn } from './rig.ts'

/** One real batch in WAITING_CALLBACKS, copied in SQL under other addresses, with its timers: `batch/bench-0` and so on. */
export async function storeBatches(url: string, count: number): Promise<void> {
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
    select ${place}, 'batch/bench-' || n, ${hash}, ${columns} from quire.actors, generate_series(1, ${count - 1}) n where address = $1`,
    [model],
  )
  await client.query(
    `insert into quire.timers (partition, address, id, due, arming)
    select ${place}, 'batch/bench-' || n, id, due + n, arming from quire.timers, generate_series(1, ${count - 1}) n where address = $1`,
    [model],
  )
  await client.query('analyze')
  await client.end()
}

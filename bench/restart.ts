import { startPostgres } from '../test/support/postgres.ts'
import { batchMachineLoad } from './machines.ts'
import { rigOn, round } from './rig.ts'
import { storeBatches } from './stored-batches.ts'

const batches = 100_000

/** 100,000 live batches stored; from `start()` to the first handled message, and the heap afterwards. */
export async function restartBench(): Promise<object> {
  const server = await startPostgres()
  try {
    await storeBatches(server.url, batches)
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

function heapMb(): number {
  globalThis.gc?.()
  return round(process.memoryUsage().heapUsed / 1_048_576)
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { batchActor } from '../src/batch/batch.actor.ts'
import { batchAddress, batchInput } from '../src/batch/request.ts'
import { percentile, rigOn } from './rig.ts'

const batches = 200
const essays = ['e1', 'e2', 'e3', 'e4'].map((id) => ({ id, storageId: id }))

/** Embedded: from the last verdict being durable in the mailbox to the completed row in the outbox, one batch after the other. */
export async function decisionBench(): Promise<object> {
  const folder = await mkdtemp(join(tmpdir(), 'quire-bench-'))
  const lastVerdict = new Map<string, number>()
  const waits: number[] = []
  try {
    const rig = await rigOn(
      { dataDir: folder },
      {
        actors: {
          batch: batchActor({
            content: { fetch: async (id) => `text ${id}` },
            judge: {
              concurrency: 16,
              async submit({ batchId, essayA, essayB }, { answer }) {
                await answer({
                  winner: essayA.id < essayB.id ? 'Essay A' : 'Essay B',
                  justification: '-',
                  confidence: 4,
                  provider: 'mock',
                  model: 'bench',
                })
                lastVerdict.set(batchAddress(batchId), performance.now())
              },
            },
          }),
        },
        onCommit: (turn) => {
          for (const { target, address } of turn.outbox) {
            if (target.includes('completed')) {
              waits.push(performance.now() - (lastVerdict.get(address) ?? Number.NaN))
            }
          }
        },
      },
    )
    await rig.runtime.start()
    for (let number = 0; number < batches; number++) {
      const id = `decision-${number}`
      await rig.runtime.create(batchAddress(id), batchInput({ batchId: id, userId: 'bench', essays }), { id: 'create' })
      await rig.runtime.waitFor(batchAddress(id), { tag: 'done' })
    }
    await rig.runtime.stop()
    return { batches, p50Ms: percentile(waits, 0.5), p99Ms: percentile(waits, 0.99) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

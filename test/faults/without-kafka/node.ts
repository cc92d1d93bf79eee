import { appendFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { batchActor } from '../../../src/batch/batch.actor.ts'
import { batchAddress, batchInput } from '../../../src/batch/request.ts'
import { createQuire } from '../../../src/quire.ts'

/** One process under fault: makes batches as fast as its quota allows, until it is killed; with `--finish` it lets all come to an end. */
const { values } = parseArgs({
  options: {
    database: { type: 'string' },
    folder: { type: 'string' },
    log: { type: 'string' },
    life: { type: 'string' },
    finish: { type: 'boolean', default: false },
    perSecond: { type: 'string', default: '15' },
  },
})
const log = (line: object): void => appendFileSync(values.log as string, `${JSON.stringify(line)}\n`)

const essays = ['e1', 'e2', 'e3', 'e4'].map((id) => ({ id, storageId: `text-${id}` }))
const quire = await createQuire({
  database: values.database ?? { dataDir: values.folder as string },
  actors: {
    batch: batchActor({
      content: { fetch: async (storageId) => `text of ${storageId}` },
      judge: {
        concurrency: 64,
        async submit(comparison, { answer }) {
          log({ kind: 'asked', comparison: comparison.id, at: Date.now() })
          await new Promise((resolve) => setTimeout(resolve, 5 + Number.parseInt(comparison.id.slice(-2), 16)))
          const winner = comparison.essayA.id < comparison.essayB.id ? 'Essay A' : 'Essay B'
          await answer({ winner, justification: 'by name', confidence: 4, provider: 'mock', model: 'by-name' })
          log({ kind: 'answered', comparison: comparison.id, at: Date.now() })
        },
      },
    }),
  },
})
await quire.start()

async function makeBatch(id: string): Promise<void> {
  await quire.create(batchAddress(id), batchInput({ batchId: id, userId: 'faults', essays }), { id: 'create', timeoutMs: 60_000 })
  log({ kind: 'accepted', address: batchAddress(id), at: Date.now() })
}

if (values.finish) {
  await makeBatch(`last-${values.life}`)
  await quire.waitFor(batchAddress(`last-${values.life}`), { tag: 'done' }, { timeoutMs: 60_000 })
  await quire.whenIdle({ timeoutMs: 120_000 })
  await quire.stop()
} else {
  const pause = 1_000 / Number(values.perSecond)
  for (let number = 0; ; number++) {
    await makeBatch(`b-${values.life}-${number}`)
    process.send?.('working')
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
}

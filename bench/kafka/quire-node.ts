import { batchActor } from '../../src/batch/batch.actor.ts'
import { createQuire } from '../../src/quire.ts'
import type { Counters } from '../../src/runtime/status.ts'
import { smallMachine } from '../machines.ts'

/** What one node is started with. */
export interface QuireNodeConfig {
  readonly database: string
  readonly brokers: readonly string[]
  readonly prefix: string
  readonly partitions: number
  readonly owner: string
}

/** What a node tells: it runs, a comparison was posted, or how far it is. */
export type QuireNodeMessage =
  | { readonly kind: 'posted'; readonly comparison: string }
  | { readonly kind: 'status'; readonly counters: Counters; readonly owned: number }

const config = JSON.parse(process.argv[2] ?? '') as QuireNodeConfig
const tell = (message: QuireNodeMessage): void => void (process.connected && process.send?.(message))

const quire = await createQuire({
  database: config.database,
  kafka: { brokers: config.brokers, topicPrefix: config.prefix, groupId: `${config.prefix}group` },
  partitions: config.partitions,
  owner: config.owner,
  monitorIntervalMs: 0,
  actors: {
    ...smallMachine.actors,
    batch: batchActor({
      content: { fetch: async (storageId) => `The text ${storageId}. `.repeat(40) },
      judge: { concurrency: 64, submit: async ({ id }) => tell({ kind: 'posted', comparison: id }) },
    }),
  },
})
quire.status.subscribe(({ context }) => tell({ kind: 'status', counters: context.counters, owned: context.partitions.length }))
await quire.start()
process.once('disconnect', () => void quire.stop().then(() => process.exit()))

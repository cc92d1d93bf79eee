import type { Claim, Store } from '../../src/runtime/ports.ts'
import type { MemoryDatabase } from '../../src/testing/memory-database.ts'

/** Planted faults, each of which an invariant must notice: of the store, of both logs, and of the broker alone. */
const ofStore = ['ignore-fence', 'reuse-epoch', 'drop-timer', 'change-output', 'forget-task'] as const
const ofLog = ['lose-message', 'skip-record', 'skip-callback', 'ignore-watermark'] as const
export const mutations = [...ofStore, ...ofLog] as const
export type Mutation = (typeof mutations)[number]

/** The store with one fault in it. */
export function mutated(store: Store, mutation: Mutation, database: MemoryDatabase): Store {
  return {
    ...store,
    async claim(partitions, owner) {
      const claims = await store.claim(partitions, owner)
      return mutation === 'reuse-epoch' ? claims.map((claim) => withEpochOf(claim, database)) : claims
    },
    async commit(turn) {
      switch (mutation) {
        case 'ignore-fence': {
          const moved = turn.partitions.map((advance) => {
            const row = database.partitions.get(advance.partition)
            return row === undefined ? advance : { ...advance, epoch: row.epoch, fromOffset: row.nextOffset, fromEntry: row.nextEntry }
          })
          return await store.commit({ ...turn, partitions: moved })
        }
        case 'drop-timer':
          return await store.commit({ ...turn, timersArmed: turn.timersArmed.slice(1) })
        case 'change-output':
          return await store.commit({
            ...turn,
            actors: turn.actors.map((row) => ({ ...row, seq: row.seq, snapshot: row.snapshot.replace('"returns":3', '"returns":4') })),
          })
        case 'forget-task':
          return await store.commit({ ...turn, tasksOpened: turn.tasksOpened.slice(1) })
        default:
          return await store.commit(turn)
      }
    },
  }
}

/** The epoch as it was before the claim. */
function withEpochOf(claim: Claim, database: MemoryDatabase): Claim {
  const row = { ...claim, epoch: Math.max(1, claim.epoch - 1) }
  const stored = database.partitions.get(claim.partition)
  if (stored !== undefined) {
    database.partitions.set(claim.partition, { ...stored, epoch: row.epoch })
  }
  return row
}

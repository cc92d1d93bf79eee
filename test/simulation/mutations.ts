import type { Store } from '../../src/runtime/ports.ts'
import type { MemoryDatabase } from '../../src/testing/memory-database.ts'

/** Planted faults, each of which an invariant must notice. */
export const mutations = ['ignore-fence', 'drop-timer', 'change-output', 'forget-task', 'lose-message'] as const
export type Mutation = (typeof mutations)[number]

/** The store with one fault in it. */
export function mutated(store: Store, mutation: Mutation, database: MemoryDatabase): Store {
  return {
    ...store,
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
            actors: turn.actors.map((row) => ({ ...row, seq: row.seq, snapshot: row.snapshot.replace('"returns":2', '"returns":3') })),
          })
        case 'forget-task':
          return await store.commit({ ...turn, tasksOpened: turn.tasksOpened.slice(1) })
        case 'lose-message':
          return await store.commit(turn)
      }
    },
  }
}

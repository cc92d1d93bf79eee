import type { Store, WrittenBy } from '../runtime/ports.ts'
import type { MemoryDatabase } from './memory-database.ts'

/** Active actors by what wrote them. */
export function standingReads(db: MemoryDatabase): Pick<Store, 'writtenBy'> {
  return {
    async writtenBy() {
      const groups = new Map<string, WrittenBy>()
      for (const { type, version, codec, xstate, parked, runStatus, tombstone } of db.actors.values()) {
        if (runStatus === 'active' && tombstone === null) {
          const key = JSON.stringify([type, version, codec, xstate])
          const known = groups.get(key) ?? { type, version, codec, xstate, actors: 0, parked: 0 }
          groups.set(key, { ...known, actors: known.actors + 1, parked: known.parked + (parked === null ? 0 : 1) })
        }
      }
      return [...groups.values()]
    },
  }
}

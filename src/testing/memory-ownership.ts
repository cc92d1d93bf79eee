import type { Ownership, OwnershipListener } from '../runtime/ports.ts'
import type { MemoryDatabase } from './memory-database.ts'

/** One owner at a time, the others stand by in the order they asked; as the table's session lock does it. */
export function createMemoryOwnership(database: MemoryDatabase): Ownership {
  let own: OwnershipListener | undefined
  return {
    start(listener) {
      own = listener
      database.owners.push(listener)
      if (database.owners[0] === listener) {
        listener.assigned(allPartitions(database))
      } else {
        listener.standby('another owner in memory')
      }
    },
    async stop() {
      const place = own === undefined ? -1 : database.owners.indexOf(own)
      if (place >= 0) {
        database.owners.splice(place, 1)
        own?.revoked(allPartitions(database))
        if (place === 0) {
          database.owners[0]?.assigned(allPartitions(database))
        }
      }
    },
  }
}

function allPartitions(database: MemoryDatabase): number[] {
  return Array.from({ length: database.partitionCount ?? 0 }, (_, index) => index)
}

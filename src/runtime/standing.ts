import type { WrittenBy } from './ports.ts'
import type { RegisteredActor } from './registry.ts'
import { isNewer } from './snapshot.ts'

/** Active actors that stand still until a person acts: parked ones, and those a newer version wrote. */
export interface Standing {
  readonly parked: number
  readonly newer: number
}

/** @param known types that run here; of another one nobody here can say which version is new */
export function standingOf(written: readonly WrittenBy[], known: readonly Pick<RegisteredActor, 'type' | 'definition'>[]): Standing {
  const definitions = new Map(known.map(({ type, definition }) => [type, definition]))
  const newer = written.filter((group) => {
    const definition = definitions.get(group.type)
    return definition !== undefined && isNewer(group, definition)
  })
  return {
    parked: written.reduce((sum, group) => sum + group.parked, 0),
    newer: newer.reduce((sum, group) => sum + group.actors, 0),
  }
}

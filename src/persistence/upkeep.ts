import type { Clock, Store } from '../runtime/ports.ts'
import type { Database } from './database.ts'
import { createStore } from './store.ts'
import { type Survey, survey } from './survey.ts'

/** What the doctor looks at in a database, and the one thing it may change there. */
export interface Upkeep extends Pick<Store, 'claims' | 'halted' | 'acceptGap'> {
  survey(): Promise<Survey>
}

export function upkeepOf(database: Database, clock: Clock): Upkeep {
  const { claims, halted, acceptGap } = createStore(database, clock)
  return { survey: () => survey(database), claims, halted, acceptGap }
}

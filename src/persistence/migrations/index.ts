import { initial } from './0001-initial.ts'
import { log } from './0002-log.ts'
import { tombstones } from './0003-tombstones.ts'
import { traces } from './0004-traces.ts'

/** Released migrations, in order; never changed, only added to. `{schema}` stands for the quoted schema. */
export const migrations: readonly { readonly name: string; readonly sql: string }[] = [
  { name: '0001-initial', sql: initial },
  { name: '0002-log', sql: log },
  { name: '0003-tombstones', sql: tombstones },
  { name: '0004-traces', sql: traces },
]

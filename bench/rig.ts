import { openPGlite, openPostgres, type Database } from '../src/persistence/database.ts'
import { createTableMailbox } from '../src/persistence/mailbox/table-mailbox.ts'
import { createTableOwnership } from '../src/persistence/ownership.ts'
import { createStore } from '../src/persistence/store.ts'
import type { ActorDefinition } from '../src/runtime/define-actor.ts'
import { localPublisher } from '../src/runtime/local-publisher.ts'
import type { Mailbox, Store } from '../src/runtime/ports.ts'
import { createRuntime } from '../src/runtime/runtime.ts'
import type { Runtime } from '../src/runtime/runtime-api.ts'
import { silentLogger, systemClock, systemIds, systemRandom } from '../src/runtime/system.ts'
import type { Turn } from '../src/runtime/turn-rows.ts'

/** A runtime on a real database, with its store and mailbox at hand, and a look at every commit. */
export interface Rig {
  readonly runtime: Runtime
  readonly store: Store
  readonly mailbox: Mailbox
}

export interface RigOptions {
  readonly actors: Readonly<Record<string, ActorDefinition>>
  readonly partitions?: number
  readonly schema?: string
  readonly onCommit?: (turn: Turn) => void
}

export async function rigOn(place: { readonly url: string } | { readonly dataDir: string }, options: RigOptions): Promise<Rig> {
  const { actors, partitions = 64, schema = 'quire', onCommit } = options
  const database: Database =
    'url' in place
      ? openPostgres({ server: place.url, schema, clock: systemClock })
      : await openPGlite({ dataDir: place.dataDir, schema, clock: systemClock })
  const inner = createStore(database, systemClock)
  const store: Store = {
    ...inner,
    async commit(turn) {
      const outcome = await inner.commit(turn)
      onCommit?.(turn)
      return outcome
    },
  }
  const mailbox = createTableMailbox(database, partitions, systemClock)
  const runtime = createRuntime(
    actors,
    {
      store,
      mailbox,
      ownership: createTableOwnership({ database, partitions, clock: systemClock, random: systemRandom }),
      publisher: localPublisher(undefined),
      clock: systemClock,
      ids: systemIds,
      random: systemRandom,
      logger: silentLogger,
    },
    { partitions, monitorIntervalMs: 0 },
  )
  return { runtime, store, mailbox }
}

/** The value below which this share of the sorted values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)
}

export function round(value: number): number {
  return Math.round(value * 100) / 100
}

import type { RequestOptions } from '../machines/batch.machine.ts'
import type { ActorDefinition, Json } from '../runtime/define-actor.ts'

/** Version of the batch's snapshots. */
export const batchVersion = 4

/** What a batch of version 1 did not record of its request. */
const unrecorded: RequestOptions = {
  promptStorageId: null,
  llm: {},
  batchingMode: 'serial_bundle',
  requestedComparisons: null,
  budgetSource: 'service_default',
  batchConfig: {},
}

export const batchMigrations: NonNullable<ActorDefinition['migrations']> = {
  /** 2: the context holds the request's options. */
  1: (persisted) => {
    const { context, ...snapshot } = persisted as { readonly context: Readonly<Record<string, Json>> }
    return { ...snapshot, context: { ...context, options: unrecorded } }
  },
  /** 3: the context says how it stands with the prompt, which no batch of version 2 fetched. */
  2: (persisted) => {
    const { context, ...snapshot } = persisted as { readonly context: Readonly<Record<string, Json>> }
    return { ...snapshot, context: { ...context, prompt: 'missing' } }
  },
  /** 4: the context counts what the answers cost, from here on and without a limit, and says who paused it. */
  3: (persisted) => {
    const { context, ...snapshot } = persisted as { readonly context: Readonly<Record<string, Json>> }
    return { ...snapshot, context: { ...context, pausedBy: null, usage: { tokens: 0, cost: 0 }, costCap: 0, costAllowed: 0 } }
  },
}

import { createQuire, type Quire } from '../../quire.ts'
import type { ActorState } from '../../runtime/actor-state.ts'
import { isQuireError } from '../../runtime/errors.ts'
import type { Explanation } from '../../runtime/explain.ts'
import type { Forgotten } from '../../runtime/forget.ts'
import type { OutboundEvent } from '../../runtime/local-publisher.ts'
import type { Position } from '../../runtime/message.ts'
import type { ActorFilter, ActorSummary, DeadLetterQuery, StoredDeadLetter, StuckActor } from '../../runtime/ports.ts'
import type { Actor } from '../../runtime/storage-act.ts'
import { systemIds } from '../../runtime/system.ts'
import type { Transition } from '../../runtime/watch.ts'
import { CommandError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'
import { kafkaOptionsOf } from '../quire-options.ts'
import { readSettings } from '../read-settings.ts'
import { askOwner } from './ask-owner.ts'
import { assertHoldsData, type DataOptions, namedSource } from './data.ts'
import { operatorsBatch } from './operators-batch.ts'
import { stuckOnDatabase } from './database-wait.ts'
import type { Output } from './output.ts'

/** Stored batches, whoever owns them: what the commands read, and how they act. */
export interface Stored {
  inspect(address: string): Promise<Explanation>
  actors(filter: ActorFilter): Promise<readonly ActorSummary[]>
  journal(address: string, options?: { readonly after?: number; readonly limit?: number }): Promise<readonly Transition[]>
  outputs(address: string): Promise<readonly OutboundEvent[]>
  stuck(limit: number): Promise<readonly StuckActor[]>
  /** The state after the event; the same id counts once. */
  act(address: string, event: { readonly type: string }, id?: string): Promise<ActorState>
  deadLetters(query: DeadLetterQuery): Promise<readonly StoredDeadLetter[]>
  replay(deadLetterId: string, by: Actor): Promise<Position | null>
  discard(deadLetterId: string, by: Actor): Promise<void>
  forget(address: string, by: Actor & { readonly id: string }): Promise<Forgotten>
  close(): Promise<void>
}

/** How long a command waits for a database that is away, ms. */
const patienceMs = 15_000

export function storedOf(quire: Quire): Stored {
  return {
    inspect: (address) => quire.inspect(address),
    actors: (filter) => quire.actors(filter),
    journal: (address, options) => quire.journal(address, options),
    outputs: (address) => quire.outputs(address),
    stuck: (limit) => quire.stuck(limit),
    act: (address, event, id = `operator-${systemIds.next()}`) => quire.ask(address, event, { id, timeoutMs: patienceMs }),
    deadLetters: (query) => quire.deadLetters(query),
    replay: (deadLetterId, by) => quire.replay(deadLetterId, by),
    discard: (deadLetterId, by) => quire.discard(deadLetterId, by),
    forget: (address, by) => quire.forget(address, by),
    close: () => quire.stop(),
  }
}

/** Opens the data a command names. A folder that another process owns is asked through its socket. */
export async function openStored(options: DataOptions, output: Output, environment: NodeJS.ProcessEnv): Promise<Stored> {
  const source = namedSource(options, environment)
  assertHoldsData(source)
  try {
    const settings = readSettings(environment)
    const kafka = kafkaOptionsOf(settings)
    const { mailboxPartitions: partitions, databaseSchema: schema } = settings
    const log = kafka === undefined ? {} : { kafka, owns: false }
    const archive = settings.archiveDir === undefined ? {} : { archiveDir: settings.archiveDir }
    const quire = await createQuire({ database: source, partitions, schema, actors: { batch: operatorsBatch() }, ...log, ...archive })
    await quire.start()
    return await whenUp(quire, output)
  } catch (error) {
    if (isQuireError(error, 'folder-in-use') && typeof source !== 'string') {
      return ownerProxy(source.dataDir)
    }
    throw error
  }
}

async function whenUp(quire: Quire, output: Output): Promise<Stored> {
  const watched = stuckOnDatabase(quire, output)
  const up = new Promise<void>((resolve, reject) => {
    const look = (): void => {
      const { state, reason } = quire.status.getSnapshot().context.database
      if (state === 'up') {
        resolve()
      } else if (state === 'blocked') {
        // No waiting mends it: a service waits for a person, and here one is.
        reject(new CommandError(exitCodes.unavailable, `the database refuses (${reason}); mend that and try again: docs/operating.md`))
      }
    }
    quire.status.subscribe(look)
    look()
  })
  const limit = AbortSignal.timeout(patienceMs)
  const late = new Promise<never>((_, reject) => {
    limit.addEventListener('abort', () => reject(new CommandError(exitCodes.unavailable, unavailable(quire))))
  })
  try {
    await Promise.race([up, late])
  } catch (error) {
    await quire.stop({ drainMs: 0 })
    throw error
  } finally {
    watched()
  }
  return storedOf(quire)
}

function unavailable(quire: Quire): string {
  const { reason } = quire.status.getSnapshot().context.database
  return `the database did not answer within ${patienceMs / 1_000} s (${reason ?? 'no answer'}); start it, or check its address`
}

function ownerProxy(dataDir: string): Stored {
  const ask = askOwner(dataDir)
  return {
    inspect: (address) => ask('inspect', address),
    actors: (filter) => ask('actors', filter),
    journal: (address, options = {}) => ask('journal', address, options),
    outputs: (address) => ask('outputs', address),
    stuck: (limit) => ask('stuck', limit),
    act: (address, event, id = `operator-${systemIds.next()}`) => ask('act', address, event, id),
    deadLetters: (query) => ask('deadLetters', query),
    replay: (deadLetterId, by) => ask('replay', deadLetterId, by),
    discard: (deadLetterId, by) => ask('discard', deadLetterId, by),
    forget: (address, by) => ask('forget', address, by),
    close: async () => {},
  }
}

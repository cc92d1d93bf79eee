import { type Database, openPGlite, openPostgres } from '../../persistence/database.ts'
import { lockFolder } from '../../persistence/folder-lock.ts'
import { type Upkeep, upkeepOf } from '../../persistence/upkeep.ts'
import { isQuireError } from '../../runtime/errors.ts'
import { systemClock } from '../../runtime/system.ts'
import { readSettings } from '../read-settings.ts'
import { askOwner } from './ask-owner.ts'
import { type DataOptions, namedSource } from './data.ts'

interface Opened {
  readonly upkeep: Upkeep
  close(): Promise<void>
}

/** What can be looked at without a runtime; of a folder that another process owns, through its socket (rules 15). */
export async function openUpkeep(options: DataOptions, schema?: string): Promise<Opened> {
  const source = namedSource(options, process.env)
  try {
    return await openDatabase(options, schema)
  } catch (error) {
    if (isQuireError(error, 'folder-in-use') && typeof source !== 'string') {
      return { upkeep: ownersUpkeep(source.dataDir), close: async () => {} }
    }
    throw error
  }
}

/** The database itself, without a runtime; a folder is locked meanwhile. Nothing of it is changed. */
export async function openDatabase(
  options: DataOptions,
  schema: string = readSettings(process.env).databaseSchema,
): Promise<Opened & { readonly database: Database }> {
  const source = namedSource(options, process.env)
  if (typeof source === 'string') {
    const database = openPostgres({ server: source, schema, clock: systemClock })
    return { database, upkeep: upkeepOf(database, systemClock), close: () => database.close() }
  }
  const lock = await lockFolder(source.dataDir)
  const database = await openPGlite({ dataDir: lock.databaseDir, schema, clock: systemClock })
  return { database, upkeep: upkeepOf(database, systemClock), close: () => database.close().finally(() => lock.release()) }
}

function ownersUpkeep(dataDir: string): Upkeep {
  const ask = askOwner(dataDir)
  return {
    survey: () => ask('survey'),
    claims: (partitions) => ask('claims', partitions),
    halted: () => ask('halted'),
    acceptGap: (gap) => ask('acceptGap', gap),
  }
}

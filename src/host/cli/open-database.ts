import { type Database, openPGlite, openPostgres } from '../../persistence/database.ts'
import { lockFolder } from '../../persistence/folder-lock.ts'
import { systemClock } from '../../runtime/system.ts'
import { readSettings } from '../read-settings.ts'
import { type DataOptions, namedSource } from './data.ts'

/** The database itself, without a runtime; a folder is locked meanwhile. Nothing of it is changed. */
export async function openDatabase(options: DataOptions): Promise<{ readonly database: Database; close(): Promise<void> }> {
  const source = namedSource(options, process.env)
  const { databaseSchema: schema } = readSettings(process.env)
  if (typeof source === 'string') {
    const database = openPostgres({ server: source, schema, clock: systemClock })
    return { database, close: () => database.close() }
  }
  const lock = await lockFolder(source.dataDir)
  const database = await openPGlite({ dataDir: lock.databaseDir, schema, clock: systemClock })
  return { database, close: () => database.close().finally(() => lock.release()) }
}

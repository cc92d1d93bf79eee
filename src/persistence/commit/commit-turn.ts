import type { Kysely } from 'kysely'
import type { TableDefinition } from '../../runtime/define-actor.ts'
import type { CommitOutcome } from '../../runtime/ports.ts'
import type { Turn } from '../../runtime/turn-rows.ts'
import type { Database } from '../database.ts'
import { readPartitions } from '../partitions.ts'
import { writeActors } from './actors.ts'
import { fence } from './fence.ts'
import { writeLogs } from './logs.ts'
import { writeTasks } from './tasks.ts'
import { writeTenantRows } from './tenant-rows.ts'
import { writeTimers } from './timers.ts'

class Fenced extends Error {}

/**
 * Writes a turn in one transaction. The fence comes first: it locks the partitions of the turn, and a turn of an owner that
 * was replaced writes nothing. Everything else follows in any order; the commit is the moment at which the turn happened.
 */
export async function commitTurn(database: Database, turn: Turn, tables: ReadonlyMap<string, TableDefinition>): Promise<CommitOutcome> {
  try {
    await database.kysely.transaction().execute((transaction) => writeTurn(database, transaction, turn, tables))
    return { kind: 'committed' }
  } catch (error) {
    if (error instanceof Fenced) {
      const stored = await readPartitions(
        database,
        turn.partitions.map((advance) => advance.partition),
      )
      return { kind: 'fenced', stored }
    }
    throw error
  }
}

async function writeTurn(
  database: Database,
  transaction: Kysely<unknown>,
  turn: Turn,
  tables: ReadonlyMap<string, TableDefinition>,
): Promise<void> {
  if (!(await fence(database, transaction, turn))) {
    throw new Fenced()
  }
  await writeActors(database, transaction, turn.actors)
  await writeTimers(database, transaction, turn)
  await writeTasks(database, transaction, turn)
  await writeLogs(database, transaction, turn)
  await writeTenantRows(database, transaction, turn.rows, tables)
}

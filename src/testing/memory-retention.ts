import type { Json } from '../runtime/define-actor.ts'
import type { ArchivedRow } from '../runtime/archive.ts'
import type { Store } from '../runtime/ports.ts'
import type { MemoryDatabase } from './memory-database.ts'

/** What retention reads: who is done, and everything stored of an actor. */
export function retentionReads(db: MemoryDatabase): Pick<Store, 'over' | 'storedOf'> {
  return {
    async over(type, ids, endedBefore, limit) {
      const open = new Set([...db.outbox.values()].filter(({ delivered }) => !delivered).map(({ row }) => row.address))
      return [...db.actors.values()]
        .filter((row) => row.type === type && ids.includes(row.partition))
        .filter((row) => row.runStatus !== 'active' && row.tombstone === null && row.parked === null)
        .filter((row) => row.stateSince < endedBefore && !open.has(row.address))
        .sort((one, other) => one.createdAt - other.createdAt || (one.address < other.address ? -1 : 1))
        .slice(0, limit)
        .map(({ partition, address, seq, stateSince }) => ({ partition, address, seq, stateSince }))
    },
    async storedOf({ partition, address }) {
      const of = (table: string, rows: Iterable<object>): ArchivedRow[] =>
        [...rows].filter((row) => Reflect.get(row, 'address') === address).map((row) => ({ table, row: snakeCase(row) }))
      return [
        ...of('actors', db.actors.values()),
        ...of('journal', db.journal.get(partition) ?? []),
        ...of(
          'outbox',
          [...db.outbox.values()].map(({ row }) => row),
        ),
        ...of('dead_letters', db.deadLetters.values()),
        ...of('held_messages', db.held.values()),
        ...db.tables.flatMap(({ name }) =>
          of(
            name,
            [...(db.rows.get(name)?.values() ?? [])].map((text) => JSON.parse(text) as object),
          ),
        ),
      ]
    },
  }
}

function snakeCase(row: object): Record<string, Json> {
  return Object.fromEntries(
    (Object.entries(row) as [string, Json][]).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  )
}

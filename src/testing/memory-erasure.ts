import { withoutPayload } from '../runtime/burial.ts'
import { addressHash, hashAddress, actorTypeOf } from '../runtime/message.ts'
import type { ErasedActor, Turn } from '../runtime/turn-rows.ts'
import { dropRecords } from './memory-mailbox.ts'
import type { MemoryDatabase } from './memory-database.ts'

/** Deletes what is stored of actors that are gone, as the real commit does; before the turn's own rows are written. */
export function eraseInMemory(db: MemoryDatabase, { erased, withheld, discarded }: Turn): void {
  for (const { partition, offset } of withheld) {
    dropRecords(db, partition, (record) => record.offset === offset)
  }
  for (const id of discarded) {
    dropLetter(db, id)
  }
  for (const gone of erased) {
    eraseActor(db, gone, new Set([gone.address, hashAddress(actorTypeOf(gone.address), addressHash(gone.address))]))
  }
}

function eraseActor(db: MemoryDatabase, { partition, below, cause }: ErasedActor, names: ReadonlySet<string>): void {
  for (const map of [db.timers, db.tasks, db.held]) {
    for (const [key, row] of map) {
      if (names.has(row.address)) {
        map.delete(key)
      }
    }
  }
  for (const { id, address } of [...db.deadLetters.values()]) {
    if (names.has(address)) {
      dropLetter(db, id)
    }
  }
  for (const [key, { row, delivered }] of db.outbox) {
    if (names.has(row.address) && delivered) {
      db.outbox.delete(key)
      db.outputIds.delete(`${row.partition}/${row.id}`)
    }
  }
  dropRecords(db, partition, (record) => names.has(record.address) && record.offset < below)
  eraseJournal(db, partition, cause, names)
  eraseTenantRows(db, names)
}

function eraseJournal(db: MemoryDatabase, partition: number, cause: ErasedActor['cause'], names: ReadonlySet<string>): void {
  const rows = (db.journal.get(partition) ?? []).filter((row) => cause === 'forgotten' || row.kind === 'act' || !names.has(row.address))
  db.journal.set(
    partition,
    rows.map((row) => (names.has(row.address) ? Object.freeze(withoutPayload(row)) : row)),
  )
}

function eraseTenantRows(db: MemoryDatabase, names: ReadonlySet<string>): void {
  for (const { name, key } of db.tables) {
    const rows = db.rows.get(name)
    for (const [place, text] of key['address'] === 'text' ? [...(rows ?? [])] : []) {
      if (names.has(String((JSON.parse(text) as { readonly address: string }).address))) {
        rows?.delete(place)
      }
    }
  }
}

function dropLetter(db: MemoryDatabase, id: string): void {
  db.deadLetters.delete(id)
  db.replayed.delete(id)
  db.replays.delete(id)
}

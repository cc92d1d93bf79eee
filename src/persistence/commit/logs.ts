import { sql } from 'kysely'
import type { DeadLetterRow, HeldRow, InboxRow, JournalRow, OutboxRow, Turn } from '../../runtime/turn-rows.ts'
import type { Database } from '../database.ts'
import { type Column, field } from '../rowset.ts'
import { deleteRows, insertRows, type Part } from './insert-rows.ts'

export const journalColumns: readonly Column<JournalRow>[] = [
  field('partition', 'int4'),
  field('entry', 'int8'),
  field('address', 'text'),
  field('seq', 'int8'),
  field('kind', 'text'),
  field('messageId', 'text'),
  field('at', 'int8'),
  field('event', 'text'),
  field('state', 'text'),
  { name: 'transitions', type: 'text', of: (row) => JSON.stringify(row.transitions) },
  field('notes', 'text'),
  field('ignored', 'text'),
]

const outboxColumns: readonly Column<OutboxRow>[] = [
  field('partition', 'int4'),
  field('entry', 'int8'),
  field('id', 'text'),
  field('address', 'text'),
  field('target', 'text'),
  field('key', 'text'),
  field('payload', 'text'),
  field('traceparent', 'text'),
  field('createdAt', 'int8'),
]

const inboxColumns: readonly Column<InboxRow>[] = [
  field('partition', 'int4'),
  field('messageId', 'text'),
  field('digest', 'text'),
  field('at', 'int8'),
]

export const deadLetterColumns: readonly Column<DeadLetterRow>[] = [
  field('partition', 'int4'),
  field('id', 'text'),
  field('address', 'text'),
  field('messageId', 'text'),
  field('kind', 'text'),
  field('body', 'text'),
  field('cause', 'text'),
  field('message', 'text'),
  field('at', 'int8'),
]

const heldColumns: readonly Column<HeldRow>[] = [
  field('partition', 'int4'),
  field('address', 'text'),
  field('offset', 'int8'),
  field('messageId', 'text'),
  field('kind', 'text'),
  field('body', 'text'),
  field('traceparent', 'text'),
]
const heldKey: readonly Column<Turn['released'][number]>[] = [field('partition', 'int4'), field('address', 'text'), field('offset', 'int8')]

/** What only grows: journal, outbox, inbox, dead letters; and the messages held for actors that stand still. An output whose id is there already is the same output. */
export function writeLogs(database: Database, turn: Turn): Part[] {
  const ignore = sql`on conflict do nothing`
  return [
    ...insertRows(database, { table: 'journal', columns: journalColumns, rows: turn.journal }),
    ...insertRows(database, { table: 'outbox', columns: outboxColumns, rows: turn.outbox, onConflict: ignore }),
    ...insertRows(database, { table: 'inbox', columns: inboxColumns, rows: turn.inbox, onConflict: ignore }),
    ...insertRows(database, { table: 'dead_letters', columns: deadLetterColumns, rows: turn.deadLetters, onConflict: ignore }),
    ...deleteRows(database, { table: 'held_messages', columns: heldKey, keys: turn.released }),
    ...insertRows(database, { table: 'held_messages', columns: heldColumns, rows: turn.held, onConflict: ignore }),
  ]
}

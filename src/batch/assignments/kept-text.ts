import { createHash } from 'node:crypto'
import type { StoredRow, TenantRow } from '../../runtime/define-actor.ts'
import type { TenantRows } from '../../runtime/tenant-rows.ts'
import type { Content, ContentScope } from '../judge.ts'
import { keptTexts } from '../tables.ts'

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** How the storage ids of Quire's own texts begin. */
const ownMark = 'quire-'

/** Stores a text with the content service, or here where that takes none; returns its storage id. */
export async function storeText(text: string, rows: TenantRows, content: Content, scope: StoreScope): Promise<string> {
  if (content.store !== undefined) {
    return await content.store(text, scope)
  }
  const storageId = `${ownMark}${digestOf(text)}`
  const row = { table: keptTexts.name, key: { storage_id: storageId }, values: { body: text, created_at: scope.now } }
  await rows.change({ write: [row] })
  return storageId
}

export interface StoreScope {
  readonly signal: AbortSignal
  /** ms since the epoch. */
  readonly now: number
}

type ReadRow = (table: string, key: TenantRow['key']) => Promise<StoredRow | undefined>

/** The text of a storage id: Quire's own, or the content service's. */
export async function fetchText(storageId: string, readRow: ReadRow, content: Content, scope: ContentScope): Promise<string> {
  const kept = storageId.startsWith(ownMark) ? await readRow(keptTexts.name, { storage_id: storageId }) : undefined
  return kept === undefined ? await content.fetch(storageId, scope) : String(kept['body'])
}

import type { Json } from './define-actor.ts'

/** A row as it is stored, under the columns' own names. */
export interface StoredRow {
  readonly table: string
  readonly row: Readonly<Record<string, Json>>
}

/** Keeps what is stored of actors before it is deleted. */
export interface Archive {
  /** Writes a document, a JSON line each; resolves when it is durable. Repeated under the same name it replaces the first. */
  write(name: string, lines: readonly object[]): Promise<void>
  /** Deletes it for good; true also when there is none. */
  remove(name: string): Promise<void>
}

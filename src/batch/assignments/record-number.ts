import { createHash } from 'node:crypto'

/** A number for what is known by texts: the same for the same texts, so that a repeated registration answers alike; 48 bits. */
export function recordNumber(...key: readonly string[]): number {
  return createHash('sha256').update(JSON.stringify(key)).digest().readUIntBE(0, 6)
}

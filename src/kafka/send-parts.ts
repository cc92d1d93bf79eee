import type { KafkaClient, NewRecord } from './client.ts'

/** Of a record beside its key, value and headers, bytes: the protocol needs less. */
const overhead = 200

/** Sends records in parts, one after the other, so that their order holds. Returns where each lies. */
export async function sendInParts(client: Pick<KafkaClient, 'send'>, records: readonly NewRecord[], maxBytes: number) {
  const positions: { readonly partition: number; readonly offset: number }[] = []
  for (const part of inParts(records, maxBytes)) {
    positions.push(...(await client.send(part)))
  }
  return positions
}

/**
 * Records in parts that a topic takes, in order: even if all of a part go to one partition they make no batch above `maxBytes`. A
 * backlog of the outside, compressed there, came to more than that in one fetch, and was refused again and again.
 */
function inParts(records: readonly NewRecord[], maxBytes: number): readonly (readonly NewRecord[])[] {
  const parts: NewRecord[][] = []
  let left = 0
  for (const record of records) {
    const bytes = bytesOf(record)
    const part = parts.at(-1)
    if (part === undefined || bytes > left) {
      parts.push([record])
      left = maxBytes - bytes
    } else {
      part.push(record)
      left -= bytes
    }
  }
  return parts
}

function bytesOf({ key, value, headers = {} }: NewRecord): number {
  const texts = [key, value, ...Object.entries(headers).flat()]
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), overhead)
}

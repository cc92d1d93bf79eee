import { readFileSync } from 'node:fs'

/** A record of the wire as it came, or as it is expected: `recorded/request-full`, `expected/completed`. */
export function recordText(name: string): string {
  return readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8')
}

export interface RecordedEnvelope {
  event_id: string
  correlation_id: string
  event_timestamp: string
  metadata: Record<string, unknown> | null
  data: Record<string, unknown>
  [further: string]: unknown
}

export function recorded(name: string): RecordedEnvelope {
  return JSON.parse(recordText(`recorded/${name}`)) as RecordedEnvelope
}

export function expected(name: string): Record<string, unknown> {
  return JSON.parse(recordText(`expected/${name}`)) as Record<string, unknown>
}

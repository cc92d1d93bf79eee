import { call } from './call.ts'

/** A batch in the list. Times are ISO texts. */
export interface BatchItem {
  readonly batch: string
  readonly state: string
  readonly status: string
  readonly counters: { readonly submitted: number; readonly completed: number; readonly failed: number }
  readonly progress: {
    readonly planned: number
    readonly settled: number
    readonly workCap: number | null
    readonly outstanding: number
    readonly essays: number
  }
  readonly paused: boolean
  readonly parked: string | null
  readonly createdAt: string
  readonly stateSince: string
}

export interface BatchDetail extends BatchItem {
  readonly runStatus: string
  readonly end: { readonly status: string; readonly reason: string; readonly trigger: string } | null
  readonly why: {
    readonly waitsFor: string
    readonly next: readonly { readonly what: string; readonly at: string; readonly note?: string }[]
    readonly numbers: Readonly<Record<string, unknown>> | null
    readonly heldMessages: number
  }
}

/** One committed step, as the journal has it. */
export interface JournalEntry {
  readonly seq: number
  readonly kind: string
  readonly at: string
  readonly event: Readonly<Record<string, unknown>> | null
  readonly state: string
  readonly transitions: readonly string[]
  readonly notes: readonly unknown[]
  readonly ignored: string | null
  readonly position: { readonly entry: number }
}

export interface DeadLetter {
  readonly id: string
  readonly cause: string
  readonly message: string
  readonly at: string
}

export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

/** Which batches the list shows. */
export type Shown = 'all' | 'active' | 'done' | 'error' | 'stuck'

export const pageSize = 200

export function listBatches(shown: Shown, after: string | null): Promise<Page<BatchItem>> {
  const query = new URLSearchParams({ limit: String(pageSize) })
  if (shown === 'stuck') {
    query.set('stuck', 'true')
  } else if (shown !== 'all') {
    query.set('run', shown)
  }
  if (after !== null) {
    query.set('after', after)
  }
  return call(`v1/batches?${query}`)
}

export function readBatch(batch: string): Promise<BatchDetail> {
  return call(`v1/batches/${encodeURIComponent(batch)}`)
}

/** Entries of a batch above one. */
export async function readJournal(batch: string, after: number): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = []
  for (let from: number | null = after; from !== null; ) {
    const path: string = `v1/batches/${encodeURIComponent(batch)}/journal?limit=1000&after=${from}`
    const page: { readonly entries: readonly JournalEntry[]; readonly next: number | null } = await call(path)
    entries.push(...page.entries)
    from = page.next
  }
  return entries
}

export async function readDeadLetters(batch: string): Promise<readonly DeadLetter[]> {
  return (await call<Page<DeadLetter>>(`v1/dead-letters?batch=${encodeURIComponent(batch)}`)).items
}

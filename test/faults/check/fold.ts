import { getInitialSnapshot, transition } from 'xstate'
import { providedBatchMachine } from '../../../src/batch/batch.actor.ts'
import { query, type Row } from './database.ts'

/**
 * Steps each batch's journal again, by XState alone, and compares with what is stored: state, context, status and output.
 * @returns addresses where they differ, or whose steps are not numbered from 1 without a gap
 */
export async function brokenFolds(url: string): Promise<readonly string[]> {
  const actors = await query(url, `select address, seq::int4 as seq, snapshot from quire.actors where type = 'batch' order by address`)
  const entries = await query(
    url,
    `select address, seq::int4 as seq, message_id, at::float8 as at, event from quire.journal where ignored is null order by partition, entry`,
  )
  const journals = new Map<string, Row[]>()
  for (const entry of entries) {
    const address = String(entry['address'])
    journals.set(address, [...(journals.get(address) ?? []), entry])
  }
  return actors.flatMap((actor) => {
    const journal = journals.get(String(actor['address'])) ?? []
    const isWhole = journal.length === actor['seq'] && journal.every((row, index) => row['seq'] === index + 1)
    return isWhole && foldOf(journal) === normalised(JSON.parse(String(actor['snapshot']))) ? [] : [String(actor['address'])]
  })
}

function foldOf(journal: readonly Row[]): string {
  const [birth, ...events] = journal.map((row) => ({
    ...(JSON.parse(String(row['event'])) as { type: string }),
    at: Number(row['at']),
    id: String(row['message_id']),
  }))
  let snapshot = getInitialSnapshot(providedBatchMachine, birth as never)
  for (const event of events) {
    ;[snapshot] = transition(providedBatchMachine, snapshot, event as never)
  }
  return normalised(snapshot)
}

function normalised({
  status,
  value,
  context,
  output,
}: {
  status?: unknown
  value?: unknown
  context?: unknown
  output?: unknown
}): string {
  return JSON.stringify({ status, value, context, output })
}

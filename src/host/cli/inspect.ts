import type { BatchProgress } from '../../batch/progress.ts'
import { batchAddress } from '../../batch/request.ts'
import { batchResult, type BatchResult, noRanking } from '../batch-result.ts'
import { CommandError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Output } from './output.ts'
import { usd } from '../token-price.ts'
import { rankingCsv } from '../ranking-csv.ts'
import { rankingTable } from './ranking-table.ts'
import { iso, journalLines, plain, wholeJournal } from './journal-lines.ts'
import { openStored, type Stored } from './stored.ts'

type Options = Readonly<Record<string, string | boolean | undefined>>

/** Opens the stored batches, reads, and closes again. */
export async function withStored<T>(options: Options, output: Output, read: (stored: Stored) => Promise<T>): Promise<T> {
  const stored = await openStored(options as { readonly data?: string; readonly database?: string }, output, process.env)
  try {
    return await read(stored)
  } finally {
    await stored.close()
  }
}

export async function why(batch: string, options: Options, output: Output): Promise<void> {
  const found = await withStored(options, output, (stored) => stored.inspect(batchAddress(batch)))
  const progress = found.progress as BatchProgress
  const next = found.next.map(({ what, at, note }) => `  ${iso(at)}  ${plain(what)}${note === undefined ? '' : ` (${note})`}`)
  const end = progress.end === null ? [] : [`ended ${progress.end.status} by ${progress.end.trigger}: ${progress.end.reason}`]
  output.result(found, [
    `${batch}: ${found.state} (${progress.status}) since ${iso(found.stateSince)}`,
    `waits for ${found.waitsFor}`,
    ...end,
    ...usageLine(progress),
    ...(next.length === 0 ? [] : ['next:', ...next]),
    ...(found.numbers === null ? [] : [`last decision: ${(found.numbers as { readonly reason: string }).reason}`]),
  ])
}

/** A batch that was last stepped by an older version counted nothing. */
function usageLine({ usage }: Partial<BatchProgress>): string[] {
  if (usage === undefined || usage.tokens + usage.cost === 0) {
    return []
  }
  // Nobody told a price: none is not the same as nothing.
  return [`its answers took ${usage.tokens} tokens${usage.cost === 0 ? '' : ` and ${usd(usage.cost)}`}`]
}

export async function showJournal(batch: string | undefined, options: Options, output: Output): Promise<void> {
  const address = batch === undefined ? options['address'] : batchAddress(batch)
  if (typeof address !== 'string') {
    throw new CommandError(exitCodes.badInput, 'name a batch, or an --address')
  }
  const journal = await withStored(options, output, (stored) => wholeJournal(stored, address))
  if (journal.length === 0) {
    const none =
      batch === undefined ? `nothing is told of ${address}` : `no batch '${batch}' is stored here; \`quire batches\` lists those that are`
    throw new CommandError(exitCodes.badInput, none)
  }
  output.result({ ...(batch === undefined ? { address } : { batch }), journal }, journal.flatMap(journalLines))
}

export async function showResult(batch: string, options: Options, output: Output): Promise<void> {
  const found = await withStored(options, output, (stored) => batchResult(batch, batchAddress(batch), stored))
  const { end, events, scores, status } = found
  if (options['csv'] === true) {
    const csv = csvOf(found)
    return output.result({ batch, status, csv }, [csv.trimEnd()])
  }
  const summary = end === null ? `${batch} is not done yet: it waits for ${found.waitsFor}` : `${status}: ${end.reason}`
  output.result({ batch, status, end, scores, events }, [
    ...rankingTable(scores?.ranking ?? []),
    summary,
    ...events.map((event) => `event ${event.topic} ${event.id}`),
  ])
}

/** The same table as over HTTP. @throws CommandError when there is no ranking, with the reason */
function csvOf(found: BatchResult): string {
  if (found.scores === null) {
    throw new CommandError(exitCodes.refused, noRanking(found))
  }
  return rankingCsv(found.scores.ranking)
}

import { batchAddress } from '../../batch/request.ts'
import type { BatchScores } from '../../machines/batch.machine.ts'
import { systemClock } from '../../runtime/system.ts'
import { withStored } from './inspect.ts'
import { journalLines } from './journal-lines.ts'
import type { Output } from './output.ts'
import { rankingTable } from './ranking-table.ts'
import type { Stored } from './stored.ts'

type Options = Readonly<Record<string, string | boolean | undefined>>

/** A look for what came meanwhile, ms. */
const lookMs = 500
const pageSize = 1_000

/** `quire watch BATCH`: what happened, and what happens, until it is done; then the ranking. */
export async function watchBatch(batch: string, options: Options, output: Output): Promise<void> {
  const address = batchAddress(batch)
  await withStored(options, output, async (stored) => {
    await stored.inspect(address)
    for (let after = -1; ; ) {
      after = await sayAfter(after, address, stored, output)
      const { runStatus, state, output: made } = await stored.inspect(address)
      if (runStatus !== 'active') {
        await sayAfter(after, address, stored, output)
        const ranking = (made as { readonly scores: BatchScores | null } | null)?.scores?.ranking ?? []
        output.result({ batch, state, ranking }, [`${batch} is ${state}`, ...rankingTable(ranking)])
        return
      }
      await new Promise<void>((resolve) => systemClock.schedule(lookMs, resolve))
    }
  })
}

/** Says the entries above `after`; returns the last one said. */
async function sayAfter(after: number, address: string, stored: Stored, output: Output): Promise<number> {
  const page = await stored.journal(address, { after, limit: pageSize })
  for (const line of page.flatMap(journalLines)) {
    output.say(line)
  }
  const last = page.at(-1)?.position.entry ?? after
  return page.length === pageSize ? await sayAfter(last, address, stored, output) : last
}

import { batchAddress } from '../../src/batch/request.ts'
import { cjBatchId, eventId } from '../../src/batch/wire-ids.ts'
import { scoreNet } from '../../src/judging/quality.ts'
import type { BatchScores } from '../../src/machines/batch.machine.ts'
import type { MemoryDatabase } from '../../src/testing/memory-database.ts'
import { perfect, runJudging } from '../support/judging-loop.ts'
import type { Invariants } from './invariants.ts'
import type { Output } from './log-form.ts'

export interface SimulatedBatch {
  readonly id: string
  readonly n: number
}

/** What a batch of n comes to when nothing goes wrong. */
export interface CalmOutcome {
  readonly slots: number
  readonly ranking: readonly string[]
}

const calm = new Map<number, CalmOutcome>()

export function calmOutcome(n: number): CalmOutcome {
  const known = calm.get(n)
  if (known !== undefined) {
    return known
  }
  const { slots } = runJudging(n, {}, perfect)
  const ranking = scoreNet({ n, slots }).scores.map(({ item, score }) => `e${item} ${score.toFixed(6)}`)
  const outcome = { slots: slots.length, ranking }
  calm.set(n, outcome)
  return outcome
}

/** One terminal outcome, its events once, and the ranking of a run without faults. */
export function checkBatch({ id, n }: SimulatedBatch, database: MemoryDatabase, outputs: readonly Output[], invariants: Invariants): void {
  const address = batchAddress(id)
  const output = JSON.parse(database.actors.get(address)?.output ?? 'null') as { readonly scores: BatchScores | null } | null
  const found = output?.scores?.ranking.map((row) => `${row.id} ${row.score.toFixed(6)}`) ?? []
  const expected = calmOutcome(n).ranking
  if (found.join() !== expected.join()) {
    invariants.note('outputs equal those without faults', `${address}: ${found.join()} instead of ${expected.join()}`)
  }
  const own = outputs.filter(({ key }) => key === id || key === cjBatchId(address))
  const ids = [...new Set(own.map((event) => event.id))].sort()
  const wanted = ['completed', 'result', 'resource'].map((kind) => eventId(address, kind)).sort()
  if (ids.join() !== wanted.join()) {
    invariants.note('one terminal outcome and its events', `${address}: ${own.map(({ topic }) => topic).join()}`)
  }
}

/** Each ball that was hit counts once, whatever was sent twice. */
export function checkRally(database: MemoryDatabase, invariants: Invariants): void {
  const caught = JSON.parse(database.actors.get('player/b')?.snapshot ?? '{}') as { readonly context?: { readonly returns: number } }
  if (caught.context?.returns !== 3) {
    invariants.note('messages between actors count once', `player/b returned ${caught.context?.returns} balls`)
  }
}

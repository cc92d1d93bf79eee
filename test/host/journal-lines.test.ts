import { expect, it } from 'vitest'
import { journalLines, wholeJournal } from '../../src/host/cli/journal-lines.ts'
import type { Transition } from '../../src/runtime/watch.ts'

const entry: Transition = {
  address: 'assignment/a',
  seq: 0,
  kind: 'act',
  messageId: 'm',
  at: 0,
  event: null,
  state: '',
  transitions: [],
  notes: [],
  ignored: null,
  position: { partition: 0, entry: 1 },
}

it('the journal shows people what was done, by whom and why', () => {
  const lines = (more: Partial<Transition>): string => journalLines({ ...entry, ...more }).join('\n')
  const kept = { type: 'NOTE', what: 'its prompt was kept', details: { storageId: 'c-1' }, by: 'Ann', reason: null }
  expect(lines({ event: kept })).toBe('1970-01-01T00:00:00.000Z  #0  NOTE its prompt was kept  by Ann\n    {"storageId":"c-1"}')
  expect(lines({ kind: 'gap', event: { type: 'GAP_ACCEPTED', from: 4, to: 9, by: 'Ann' } })).toMatch(/GAP_ACCEPTED from 4 to 9 {2}by Ann$/)
  const paused = { kind: 'event', seq: 3, state: 'SCORING', event: { type: 'PAUSE', by: 'Ann', reason: 'a question' } } as const
  expect(lines(paused)).toMatch(/#3 {2}PAUSE -> SCORING {2}by Ann: a question$/)
  expect(lines({ ...paused, event: { type: 'VERDICT', details: { tokens: 4 } }, ignored: 'late' })).toMatch(
    /VERDICT -> SCORING {2}\(ignored: late\)$/,
  )
})

it('a journal longer than any page is read to its end', async () => {
  const entries = Array.from({ length: 12_345 }, (_, at): Transition => ({ ...entry, position: { partition: 0, entry: at } }))
  const journal = async (_: string, { after = -1, limit = 10_000 }: { readonly after?: number; readonly limit?: number } = {}) =>
    entries.slice(after + 1, after + 1 + limit)
  expect(await wholeJournal({ journal }, entry.address)).toHaveLength(12_345)
})

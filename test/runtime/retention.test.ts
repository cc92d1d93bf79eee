import { expect, it } from 'vitest'
import { forget } from '../../src/runtime/forget.ts'
import { archiveName, archiveOver } from '../../src/runtime/retention.ts'
import { silentLogger } from '../../src/runtime/system.ts'
import type { Tombstone } from '../../src/runtime/tombstone.ts'
import type { ActorRow } from '../../src/runtime/turn-rows.ts'

const actor = { partition: 0, address: 'order/1', seq: 7, stateSince: Date.UTC(2026, 0, 31) }
const name = archiveName(actor)

/** One actor that is over, what is archived of it by name, and what its rounds of retention ask of the mailbox. */
function keeping() {
  const archived = new Map<string, readonly object[]>()
  const asked: string[] = []
  let tombstone: string | null = null
  const bury = (cause: Tombstone['cause']): void => {
    tombstone = JSON.stringify({ cause, at: 1, by: 'ada', reason: null, archive: null, remains: null })
  }
  const parts = {
    store: {
      over: async () => [actor],
      storedOf: async () => [{ table: 'actors', row: { tombstone } }],
      actor: async () => ({ ...actor, tombstone }) as ActorRow,
    },
    archive: {
      write: async (document: string, lines: readonly object[]) => void archived.set(document, lines),
      remove: async (document: string) => void archived.delete(document),
    },
    mailbox: { append: async (messages: readonly { readonly id: string }[]) => (asked.push(...messages.map(({ id }) => id)), []) },
    logger: silentLogger,
    owned: () => [0],
    now: () => Date.UTC(2026, 5, 1),
    terms: [{ type: 'order', keepMs: 1 }],
  }
  return { archived, asked, bury, parts }
}

it('an actor that an earlier round has buried while this one reads is not archived again: what is left of it replaces no whole document', async () => {
  const { archived, asked, bury, parts } = keeping()
  expect(await archiveOver(parts)).toBe(1)
  const whole = archived.get(name)
  const storedOf = async () => (bury('archived'), parts.store.storedOf())
  expect(await archiveOver({ ...parts, store: { ...parts.store, storedOf } })).toBe(0)
  expect(archived.get(name)).toBe(whole)
  expect(asked).toEqual(['archive-7'])
})

it('an actor that is forgotten while its archive is written leaves none', async () => {
  const { archived, asked, bury, parts } = keeping()
  const write = async (...given: Parameters<typeof parts.archive.write>) => (bury('forgotten'), parts.archive.write(...given))
  expect(await archiveOver({ ...parts, archive: { ...parts.archive, write } })).toBe(0)
  expect([archived.size, asked]).toEqual([0, []])
})

it.each([
  ['whoever forgets an actor takes an archive with it whose message comes too late', true, 0],
  ['an act that became a dead letter forgets nothing: the archive, soon the only copy, stays', false, 1],
])('%s', async (_, isCarriedOut, left) => {
  const { archived, bury, parts } = keeping()
  await archiveOver(parts)
  const forgotten = forget(
    'order/1',
    { id: 'f', by: 'ada' },
    {
      ...parts,
      partitions: 1,
      connection: { use: (call) => call() },
      append: async () => [{ partition: 0, offset: 0 }],
      processed: async () => (isCarriedOut ? bury('forgotten') : undefined),
    },
  )
  expect(await forgotten).toEqual({ archive: null })
  expect(archived.size).toBe(left)
})

import { expect, it } from 'vitest'
import { isIdle } from '../../src/runtime/idle.ts'
import type { Claim } from '../../src/runtime/ports.ts'
import type { OutboxRow, TaskRow } from '../../src/runtime/turn-rows.ts'

/** A message that is stepped, its letter to another actor that is delivered and stepped, the task that one opens, and its end. */
const moments = [
  { end: 1, nextOffset: 0, nextEntry: 1, outbox: 0, tasks: 0 },
  { end: 1, nextOffset: 1, nextEntry: 2, outbox: 1, tasks: 0 },
  { end: 2, nextOffset: 1, nextEntry: 2, outbox: 0, tasks: 0 },
  { end: 2, nextOffset: 2, nextEntry: 3, outbox: 0, tasks: 1 },
  { end: 2, nextOffset: 2, nextEntry: 4, outbox: 0, tasks: 0 },
] as const

/** Servers on which each moment lasts for so many questions, and then comes the next. */
function servers(lasts: readonly number[]) {
  const ends = lasts.map((_, moment) => lasts.slice(0, moment + 1).reduce((sum, length) => sum + length))
  let asked = 0
  const moment = (): number => ends.filter((end) => end <= asked).length
  const ask = () => {
    const now = moments[moment()] as (typeof moments)[number]
    asked += 1
    return now
  }
  const rows = <T>(count: number): T[] => Array.from({ length: count }, () => ({}) as T)
  const direct = { use: <T>(call: () => Promise<T>) => call() }
  return {
    isOver: () => moment() === moments.length - 1,
    parts: {
      store: {
        claims: async () => [{ partition: 0, ...ask(), owner: null } as object as Claim & { owner: null }],
        outbox: async () => rows<OutboxRow>(ask().outbox),
        tasks: async () => rows<TaskRow>(ask().tasks),
      },
      mailbox: { ends: async () => [ask().end] },
      connection: direct,
      log: direct,
    },
  }
}

/** All ways in which four moments may last for none to five questions. */
const ways = Array.from({ length: 6 ** 4 }, (_, way) => [0, 1, 2, 3].map((moment) => Math.floor(way / 6 ** moment) % 6))

it('what moves on between two questions is not overlooked, whenever it moves; at its end all is idle', async () => {
  for (const lasts of ways) {
    const { isOver, parts } = servers(lasts)
    let idle = false
    for (let tries = 0; tries < 20 && !idle; tries += 1) {
      idle = await isIdle([0], parts)
      expect([lasts, idle && !isOver()]).toEqual([lasts, false])
    }
    expect([lasts, idle]).toEqual([lasts, true])
  }
})

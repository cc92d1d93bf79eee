import { describe, expect, it } from 'vitest'
import { FreshOutputs } from '../../src/runtime/fresh-outputs.ts'
import { OutboxRelay } from '../../src/runtime/outbox-relay.ts'
import { PortFailure } from '../../src/runtime/port-failure.ts'
import { silentLogger, systemClock, systemRandom } from '../../src/runtime/system.ts'
import { noTracing } from '../../src/runtime/tracing.ts'
import type { OutboxRow } from '../../src/runtime/turn-rows.ts'

const row = (entry: number, more: Partial<OutboxRow> = {}): OutboxRow => {
  const place = { partition: 0, entry, id: `o${entry}`, address: 'a/1', target: 'topic', key: 'key' }
  return { ...place, payload: '{}', traceparent: null, createdAt: 0, ...more }
}
const entries = (rows: readonly OutboxRow[]): number[] => rows.map(({ entry }) => entry)

describe('outputs handed over by their commits', () => {
  const looked = (page: readonly OutboxRow[] = [], isWhole = true): FreshOutputs => {
    const fresh = new FreshOutputs()
    fresh.looking()
    fresh.looked(page, isWhole)
    return fresh
  }

  it('wait until the outbox was looked at once', () => {
    const fresh = new FreshOutputs()
    expect(fresh.mustLook).toBe(true)
    fresh.looking()
    fresh.looked([], true)
    expect(fresh.mustLook).toBe(false)
  })

  it('are given in order, a page at a time, of owned partitions alone', () => {
    const fresh = looked()
    fresh.add([row(1), row(2), row(1, { partition: 5 })])
    fresh.add([row(3)])
    expect(entries(fresh.take([0], 2))).toEqual([1, 2])
    expect(entries(fresh.take([0], 2))).toEqual([3])
    expect(fresh.take([0, 5], 2)).toEqual([])
  })

  it('are not given again when a page of the outbox held them', () => {
    const fresh = new FreshOutputs()
    fresh.looking()
    fresh.add([row(7), row(8)])
    fresh.looked([row(6), row(7)], true)
    expect(entries(fresh.take([0], 10))).toEqual([8])
  })

  it('must be looked for in the outbox after a page that was not whole, after a burst, and when something was missed', () => {
    expect(looked([row(1)], false).mustLook).toBe(true)
    const burst = looked()
    burst.add(Array.from({ length: 1_001 }, (_, index) => row(index)))
    expect([burst.mustLook, burst.take([0], 10)]).toEqual([true, []])
    const missed = looked()
    missed.add([row(1)])
    missed.missed()
    expect([missed.mustLook, missed.take([0], 10)]).toEqual([true, []])
  })
})

describe('the relay', () => {
  /** A relay over an outbox in memory, whose publisher fails as long as it is told to. */
  const rig = () => {
    const outbox: OutboxRow[] = []
    const published: number[] = []
    let looks = 0
    let isAway = false
    let told = (): void => {}
    const direct = { use: <T>(call: () => Promise<T>) => call() }
    const relay = new OutboxRelay({
      store: {
        outbox: async () => {
          looks += 1
          return [...outbox]
        },
        outboxDelivered: async (rows) => {
          const gone = new Set(entries(rows as readonly OutboxRow[]))
          outbox.splice(0, outbox.length, ...outbox.filter(({ entry }) => !gone.has(entry)))
          told()
        },
        outboxRefused: async () => {},
      },
      publisher: {
        publish: async (rows) => {
          if (isAway) {
            told()
            throw new PortFailure('broker', 'transient', 'away')
          }
          published.push(...entries(rows))
          return { durable: rows.map(({ id }) => id), refused: [] }
        },
      },
      mailbox: { append: async () => [] },
      connection: direct,
      log: direct,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      tracing: noTracing,
      owned: () => [0],
      pollMs: 60_000,
      count: () => {},
    })
    return {
      relay,
      outbox,
      published,
      looks: () => looks,
      away: (is: boolean) => void (isAway = is),
      commit: (...rows: OutboxRow[]) => {
        outbox.push(...rows)
        relay.committed(rows)
      },
      /** Resolves at the next publication that was noted, or failed. */
      next: () => new Promise<void>((resolve) => (told = resolve)),
    }
  }

  it('delivers what a commit hands over without reading it, after one look at its start', async () => {
    const { relay, outbox, published, looks, commit, next } = rig()
    outbox.push(row(1))
    const first = next()
    relay.start()
    await first
    for (const entry of [2, 3, 4]) {
      const delivered = next()
      commit(row(entry))
      await delivered
    }
    await relay.stop()
    expect(published).toEqual([1, 2, 3, 4])
    expect(outbox).toEqual([])
    expect(looks()).toBe(1)
  })

  it('keeps the order over an outage: what was handed over meanwhile waits behind what failed', async () => {
    const { relay, published, looks, commit, next, away } = rig()
    const first = next()
    commit(row(1))
    relay.start()
    await first
    away(true)
    const failed = next()
    commit(row(2))
    await failed
    away(false)
    const delivered = next()
    commit(row(3))
    await delivered
    await relay.stop()
    expect(published).toEqual([1, 2, 3])
    expect(looks()).toBe(2)
  })
})

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { partitionOf } from '../src/runtime/message.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { groupCommitCeiling } from './ceiling.ts'
import { batchMachineLoad, smallMachine, type Workload } from './machines.ts'
import { percentile, type Rig, type RigOptions, rigOn, round } from './rig.ts'

const actorCount = 200
const eventsEach = 50
/** Steady load of the latency measurement, events per second. */
const steadyPerSecond = 2_000

type Place = { readonly url: string } | { readonly dataDir: string }

/** 200 actors x 50 events through mailbox, turn and commit, beside the ceiling of bare SQL of the same rows in the same run. */
export async function turnBench(): Promise<object> {
  const server = await startPostgres()
  const folder = await mkdtemp(join(tmpdir(), 'quire-bench-'))
  try {
    const warm = await drained({ url: await server.createDatabase('warm') }, smallMachine)
    const small = await drained({ url: await server.createDatabase('small') }, smallMachine)
    const { row } = small
    const ceiling = await groupCommitCeiling(await server.createDatabase('ceiling').then(withTables), row, 5)
    const batch = await drained({ url: await server.createDatabase('batch') }, batchMachineLoad)
    const latency = await steady({ url: await server.createDatabase('steady') }, smallMachine)
    const pglite = await drained({ dataDir: join(folder, 'pglite') }, smallMachine)
    const partitions: Record<string, number> = {}
    for (const count of [1, 8, 64]) {
      partitions[count] = (await drained({ url: await server.createDatabase(`partitions_${count}`) }, smallMachine, count)).perSecond
    }
    return {
      eventsPerSecond: small.perSecond,
      warmUp: warm.perSecond,
      ceiling,
      ratio: round(small.perSecond / ceiling),
      ...latency,
      batchMachine: { eventsPerSecond: batch.perSecond, ratio: round(batch.perSecond / ceiling) },
      pglite: { eventsPerSecond: pglite.perSecond },
      partitions,
    }
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** The ceiling's tables are made like the product's. */
async function withTables(url: string): Promise<string> {
  const rig = await rigOn({ url }, { actors: smallMachine.actors })
  await rig.store.open({ partitions: 64, tables: [] })
  await rig.store.close()
  return url
}

/** Events that wait in the mailbox, stepped and committed: events per second. */
async function drained(place: Place, load: Workload, partitions = 64) {
  const options: RigOptions = { actors: load.actors, partitions }
  const first = await rigOn(place, options)
  await first.runtime.start()
  await bear(first, load)
  const messages = Array.from({ length: actorCount * eventsEach }, (_, index) => {
    const actor = index % actorCount
    const address = load.address(actor)
    return { id: `e${index}`, address, kind: 'event' as const, body: JSON.stringify(load.event(actor, Math.floor(index / actorCount))) }
  })
  await first.runtime.stop()
  const second = await rigOn(place, options)
  await second.store.open({ partitions, tables: Object.values(load.actors).flatMap((actor) => actor.tables ?? []) })
  const positions = await second.mailbox.append(messages)
  const started = performance.now()
  await second.runtime.start()
  const last = new Map(positions.map((position) => [position.partition, position]))
  await Promise.all([...last.values()].map((position) => second.runtime.whenProcessed(position, { timeoutMs: 120_000 })))
  const seconds = (performance.now() - started) / 1_000
  const address = load.address(0)
  const row = await second.store.actor(partitionOf(address, partitions), address)
  await second.runtime.stop()
  if (row === undefined) {
    throw new Error('the actors of the benchmark were not born')
  }
  return { perSecond: Math.round(messages.length / seconds), row }
}

async function bear(rig: Rig, load: Workload): Promise<void> {
  await Promise.all(
    Array.from({ length: actorCount }, (_, actor) =>
      rig.runtime.create(load.address(actor), load.input(actor), { id: 'create', timeoutMs: 60_000 }),
    ),
  )
  await rig.runtime.whenIdle({ timeoutMs: 60_000 })
}

/** From the call of `send` to the commit of its turn, at a steady load. */
async function steady(place: Place, load: Workload): Promise<{ readonly p50Ms: number; readonly p99Ms: number }> {
  const sent = new Map<string, number>()
  const waits: number[] = []
  const rig = await rigOn(place, {
    actors: load.actors,
    onCommit: (turn) => {
      for (const { messageId } of turn.journal) {
        const at = sent.get(messageId)
        if (at !== undefined) {
          waits.push(performance.now() - at)
        }
      }
    },
  })
  await rig.runtime.start()
  await bear(rig, load)
  const started = performance.now()
  for (let number = 0; number < steadyPerSecond * 4; number++) {
    const due = started + (number * 1_000) / steadyPerSecond
    while (performance.now() < due) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    const actor = number % actorCount
    sent.set(`s${number}`, performance.now())
    rig.runtime.send(load.address(actor), load.event(actor, number), { id: `s${number}` }).catch(() => undefined)
  }
  await rig.runtime.whenIdle({ timeoutMs: 60_000 })
  await rig.runtime.stop()
  return { p50Ms: percentile(waits, 0.5), p99Ms: percentile(waits, 0.99) }
}

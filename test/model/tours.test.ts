import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { providedBatchMachine } from '../../src/batch/batch.actor.ts'
import { chartOf } from '../../visualizations/build/chart-of.ts'
import { type Coverage, reportLine, reportOf } from '../../visualizations/build/coverage.ts'
import { machines } from '../../visualizations/build/outputs.ts'
import { type Tour, toursOf } from './explore.ts'
import { inMemory } from './processes.ts'
import { processTours, runTour } from './process-tours.ts'
import { Recorder } from './recorder.ts'
import { recordOf } from './tour-record.ts'
import { Trial } from './trial.ts'
import { unreachable } from './unreachable.ts'
import { worlds } from './worlds.ts'

/** Inputs of the machines that live in a process; one without a line here is born without input. */
const inputs: Readonly<Record<string, readonly object[]>> = {
  supervisor: [{ monitorIntervalMs: 0 }, { monitorIntervalMs: 60_000 }],
  connection: [{ probeMs: 0 }, { probeMs: 3_000 }],
}

const found = await machines()
const recorders = new Map([...found].map(([name, machine]) => [name, new Recorder(name === 'batch' ? providedBatchMachine : machine)]))
const recorderOf = (name: string): Recorder => recorders.get(name) as Recorder
/** A task is condemned after ten calls that never ended: the last steps of a long tour are those with a restart between. */
const mostRestarts = 9

/** A tour through the runtime with a restart between any two steps; the views are compared after each. */
async function take({ world, commands }: Tour): Promise<void> {
  if (commands.some(({ kind }) => kind === 'damage')) {
    const stepping = Trial.stepping(world, recorderOf('batch').machine)
    commands.forEach((command) => stepping.step(command))
    return
  }
  const trial = await Trial.running(world, inMemory, recorderOf('batch').machine)
  for (const [index, command] of commands.entries()) {
    await trial.run(command)
    if (index >= commands.length - mostRestarts) {
      await trial.restart()
    }
  }
  recorderOf('batch').took((await trial.live?.taken()) ?? [])
  await trial.live?.stop()
}

describe('tours of the batch through the runtime, with a restart between steps', () => {
  const known = new Set<string>()
  const records: string[] = []

  it.each(worlds)(
    '$name: the runtime, the stepped machine and the specification agree after every step',
    async (world) => {
      for (const tour of toursOf(world, known)) {
        await take(tour)
        records.push([world.name, ...recordOf(tour)].join('\n'))
      }
    },
    180_000,
  )

  it('go where they went before', async () => {
    await expect(`${records.join('\n\n')}\n`).toMatchFileSnapshot(fileURLToPath(new URL('tours.txt', import.meta.url)))
  })
})

describe('tours of the machines of a process', () => {
  it.each([...found.keys()].filter((name) => name !== 'batch'))('%s: the actor is where its tour is, after every step', async (name) => {
    const known = new Set<string>()
    for (const input of inputs[name] ?? [undefined]) {
      const world = { recorder: recorderOf(name), input, depth: 5 }
      for (const tour of processTours(world, known)) {
        recorderOf(name).took(await runTour(world, tour))
      }
    }
  })
})

describe('together the tours', () => {
  const reports = () =>
    [...found].map(([name, machine]) => {
      const coverage: Coverage = recorderOf(name).coverage(unreachable[name] ?? [])
      return { name, coverage, report: reportOf(chartOf(machine), coverage) }
    })

  it('take every transition, and see every guard say yes and no', () => {
    expect(reports().flatMap(({ report }) => report.problems)).toEqual([])
  })

  it.each([...found.keys()])('are the ones drawn onto the chart of %s', async (name) => {
    const coverage = reports().find((report) => report.name === name)?.coverage
    const file = fileURLToPath(new URL(`../../visualizations/coverage/${name}.json`, import.meta.url))
    await expect(`${JSON.stringify(coverage, null, 2)}\n`).toMatchFileSnapshot(file)
  })

  afterAll(() => {
    const all = reports()
    const sum = (of: (report: (typeof all)[number]['report']) => number): number => all.reduce((total, { report }) => total + of(report), 0)
    const transitions = `transitions ${sum(({ transitions: { seen } }) => seen)}/${sum(({ transitions: { of } }) => of)}`
    const guards = `guards both ways ${sum(({ guards: { seen } }) => seen)}/${sum(({ guards: { of } }) => of)}`
    console.log([...all.map(({ name, report }) => reportLine(name, report)), `${transitions}, ${guards}`].join('\n'))
  })
})

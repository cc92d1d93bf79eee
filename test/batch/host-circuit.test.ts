import { beforeEach, describe, expect, it } from 'vitest'
import { HostCircuit } from '../../src/batch/http/host-circuit.ts'
import { ServiceUnavailable } from '../../src/batch/http/service-unavailable.ts'
import { silentLogger } from '../../src/runtime/system.ts'
import { isTaskDelay, type TaskDelay } from '../../src/runtime/task-delay.ts'
import { seededRandom } from '../../src/testing/seeded.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'

const refused = new Error('connection refused')
const second = 1_000

let clock: SimulatedClock
let probes: number
let isHostBack: boolean

beforeEach(() => {
  clock = new SimulatedClock()
  probes = 0
  isHostBack = false
})

function circuitOf(patienceMs = 900 * second): HostCircuit {
  const probe = async (): Promise<boolean> => {
    probes += 1
    return isHostBack
  }
  return new HostCircuit({ host: 'provider:80', probe, patienceMs, clock, random: seededRandom('circuit'), logger: silentLogger })
}

/** What a call that fails on its way ends with. */
async function call(circuit: HostCircuit, batchId = 'b'): Promise<'failed' | 'waits' | 'gave up'> {
  try {
    await circuit.admit(batchId)
  } catch (error) {
    return isTaskDelay(error) ? 'waits' : 'gave up'
  }
  const end = await circuit.failed(batchId, refused)
  return isTaskDelay(end) ? 'waits' : end === refused ? 'failed' : 'gave up'
}

async function times<T>(count: number, run: () => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let index = 0; index < count; index++) {
    results.push(await run())
  }
  return results
}

async function delayOf(work: Promise<unknown>): Promise<TaskDelay> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isTaskDelay(error)) {
    throw new Error(`no delay was asked for, but ${String(error)}`)
  }
  return error
}

describe('the circuit of a host', () => {
  it('opens after five failures in a row and a failing probe: four count, the fifth and all later ones wait', async () => {
    const circuit = circuitOf()
    expect(await times(7, () => call(circuit))).toEqual(['failed', 'failed', 'failed', 'failed', 'waits', 'waits', 'waits'])
    expect(circuit.isOpen).toBe(true)
    expect(probes).toBe(1)
  })

  it('stays closed while anything is answered between, or the probe is answered: then it is the call that fails', async () => {
    const circuit = circuitOf()
    for (let round = 0; round < 5; round++) {
      expect(await times(4, () => call(circuit))).toEqual(['failed', 'failed', 'failed', 'failed'])
      circuit.answered()
    }
    expect(probes).toBe(0)
    isHostBack = true
    expect(await times(12, () => call(circuit))).toEqual(new Array(12).fill('failed'))
    expect(probes).toBe(2)
  })

  it('asks the host at growing intervals, once whoever waits, and lets calls through when it answers', async () => {
    const circuit = circuitOf()
    await times(5, () => call(circuit))
    const asked: number[] = []
    const end = clock.now() + 200 * second
    while (clock.now() < end) {
      const before = probes
      await Promise.all(Array.from({ length: 20 }, () => call(circuit)))
      if (probes > before) {
        expect(probes).toBe(before + 1)
        asked.push(clock.now())
      }
      await clock.advance(100)
    }
    const gaps = asked.slice(1).map((at, index) => at - (asked[index] ?? 0))
    expect(gaps[0]).toBeLessThanOrEqual(2 * second + 100)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(30 * second + 100)
    expect(gaps.at(-1)).toBeGreaterThanOrEqual(15 * second)
    isHostBack = true
    await clock.advance(31 * second)
    await expect(circuit.admit('b')).resolves.toBeUndefined()
    expect(circuit.isOpen).toBe(false)
    expect(await call(circuit)).toBe('failed')
  })

  it('never makes a caller come before the next probe, nor all of them at once', async () => {
    const circuit = circuitOf()
    await times(5, () => call(circuit))
    await clock.advance(30 * second)
    await times(3, () => call(circuit))
    const waits = await times(20, () => delayOf(circuit.admit('b')))
    expect(probes).toBe(2)
    await clock.advance(Math.min(...waits.map(({ ms }) => ms)))
    await call(circuit)
    expect(probes).toBe(3)
    expect(new Set(waits.map(({ ms }) => ms)).size).toBeGreaterThan(10)
    expect(waits[0]?.reason).toBe('provider:80 is away')
  })

  it('lets a batch wait for its patience, counted from its own first wait, then gives up for good', async () => {
    const circuit = circuitOf(60 * second)
    await times(5, () => call(circuit, 'early'))
    await clock.advance(40 * second)
    expect(await call(circuit, 'late')).toBe('waits')
    await clock.advance(30 * second)
    expect([await call(circuit, 'early'), await call(circuit, 'late')]).toEqual(['gave up', 'waits'])
    await expect(circuit.admit('early')).rejects.toMatchObject({ code: 'CONNECTION_ERROR', permanent: true })
    await expect(circuit.admit('early')).rejects.toBeInstanceOf(ServiceUnavailable)
    isHostBack = true
    await clock.advance(31 * second)
    await expect(circuit.admit('early')).resolves.toBeUndefined()
    isHostBack = false
    expect(await times(5, () => call(circuit, 'early'))).toEqual(['failed', 'failed', 'failed', 'failed', 'waits'])
  })

  it('does not ask for a wait beyond the patience', async () => {
    const circuit = circuitOf(200)
    await times(5, () => call(circuit))
    expect((await delayOf(circuit.admit('b'))).ms).toBeLessThanOrEqual(200)
  })

  it('counter-test: with a patience of 0 nothing waits, every failure counts', async () => {
    const circuit = circuitOf(0)
    expect(await times(20, () => call(circuit))).toEqual(new Array(20).fill('failed'))
    expect(probes).toBe(0)
  })
})

describe('a host that asks for time', () => {
  it('holds all its callers for that time, and no longer', async () => {
    const circuit = circuitOf()
    const { ms } = circuit.hold(300 * second, 'the queue is full')
    expect(ms).toBeGreaterThanOrEqual(300 * second)
    expect(ms).toBeLessThanOrEqual(330 * second)
    const other = await delayOf(circuit.admit('another batch'))
    expect(other.reason).toBe('the queue is full')
    await clock.advance(299 * second)
    expect((await delayOf(circuit.admit('b'))).ms).toBeGreaterThanOrEqual(second)
    await clock.advance(second)
    await expect(circuit.admit('b')).resolves.toBeUndefined()
  })

  it('without saying how much gets more each time, until it accepts a call', async () => {
    const circuit = circuitOf()
    const waits = await times(8, async () => circuit.hold(undefined, '429').ms)
    expect(waits[0]).toBeLessThanOrEqual(1.1 * second)
    expect(waits.at(-1)).toBeGreaterThanOrEqual(15 * second)
    expect(waits.at(-1)).toBeLessThanOrEqual(33 * second)
    circuit.accepted()
    expect(circuit.hold(undefined, '429').ms).toBeLessThanOrEqual(1.1 * second)
  })

  it('for longer than an hour is not believed', () => {
    expect(circuitOf().hold(86_400 * second, '429').ms).toBeLessThanOrEqual(1.1 * 3_600 * second)
  })
})

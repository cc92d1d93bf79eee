import { randomUUID } from 'node:crypto'
import type { Clock, Ids, Logger, Random } from './ports.ts'

/** Longest delay of a Node timer, ms; longer ones would fire at once. */
const longestMs = 2 ** 31 - 1

/** The real clock. This file is the only caller of the globals for time and randomness. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule: (ms, run) => {
    const timer = setTimeout(run, Math.min(ms, longestMs))
    return () => clearTimeout(timer)
  },
}

export const systemIds: Ids = { next: () => randomUUID() }

export const systemRandom: Random = { next: () => Math.random() }

/** A logger that says nothing: the default of an embedded Quire. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} }

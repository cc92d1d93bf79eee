import { Worker } from 'node:worker_threads'
import { isHeavy } from '../../judging/decide.ts'
import type { Json, TaskDefinition } from '../../runtime/define-actor.ts'
import { type ComputationName, computations } from './computing.ts'

/** Nets of at most this many essays are computed within the turn, in 1 to 3 ms. */
const mostAtOnce = 30

/**
 * A pure task of a batch. A small net is computed within the turn that asks for it: the decision and its end are one commit. A large
 * net is computed in a worker thread, so that the loop is never blocked for long: 1,000 essays with 20,000 comparisons take seconds.
 */
export function computeTask(name: ComputationName): TaskDefinition {
  return {
    attempts: 2,
    concurrency: 4,
    timeoutMs: 600_000,
    atOnce: (input: NetInput) => (sizeOf(input) <= mostAtOnce ? { output: computations[name](input as never) as Json } : undefined),
    async run(input: NetInput, { signal }) {
      const output = isHeavy(sizeOf(input)) ? await inWorker(name, input, signal) : computations[name](input as never)
      return { output: output as Json }
    },
  }
}

interface NetInput {
  readonly n?: number
  readonly items?: readonly string[]
}

function sizeOf({ n, items }: NetInput): number {
  return n ?? items?.length ?? 0
}

/** Built, the worker is plain JavaScript; from source (tests) the loader that strips types is registered in it first. */
const isSource = import.meta.url.endsWith('.ts')
const entry = new URL(isSource ? './worker.ts' : './worker.js', import.meta.url)
const fromSource = `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(entry.href)}) })`

function inWorker(name: ComputationName, input: object, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const worker = isSource
      ? new Worker(fromSource, { eval: true, workerData: { name, input } })
      : new Worker(entry, { workerData: { name, input } })
    signal.addEventListener('abort', () => void worker.terminate(), { once: true })
    worker.once('message', (message: { readonly output?: unknown; readonly error?: string }) => {
      message.error === undefined ? resolve(message.output) : reject(new Error(message.error))
    })
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error(`the computation '${name}' ended without a result`)))
  })
}

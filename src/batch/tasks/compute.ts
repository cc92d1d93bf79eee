import { Worker } from 'node:worker_threads'
import { isHeavy } from '../../judging/decide.ts'
import type { Json, TaskDefinition } from '../../runtime/define-actor.ts'
import { type ComputationName, computations } from './computing.ts'

/**
 * A pure task of a batch. A large net is computed in a worker thread, so that the loop is never blocked for long:
 * 1,000 essays with 20,000 comparisons take seconds.
 */
export function computeTask(name: ComputationName): TaskDefinition {
  return {
    attempts: 2,
    concurrency: 4,
    timeoutMs: 600_000,
    async run(input: { readonly n?: number; readonly items?: readonly string[] }, { signal }) {
      const size = input.n ?? input.items?.length ?? 0
      const output = isHeavy(size) ? await inWorker(name, input, signal) : computations[name](input as never)
      return { output: output as Json }
    },
  }
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

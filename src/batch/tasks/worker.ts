import { parentPort, workerData } from 'node:worker_threads'
import { type ComputationName, computations } from './computing.ts'

/** Entry of the worker thread: one computation, one answer. */
const { name, input } = workerData as { readonly name: ComputationName; readonly input: never }

try {
  parentPort?.postMessage({ output: computations[name](input) })
} catch (error) {
  parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) })
}

import { batchActor } from '../../batch/batch.actor.ts'
import type { ActorDefinition } from '../../runtime/define-actor.ts'

/** The batch as an operator's process has it: it steps and scores, but asks no judge and fetches no text. */
export function operatorsBatch(): ActorDefinition {
  return batchActor({
    judge: { concurrency: 0, submit: () => Promise.reject(new Error('an operator asks no judge')) },
    content: {
      fetch: (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    },
  })
}

import type { Quire } from '../../quire.ts'
import { storedOf } from './stored.ts'

/** Answers the commands of other processes on a folder this process owns (rules 15): the same reads and acts, by name. */
export function answerRequests(quire: Quire): (request: Readonly<Record<string, unknown>>) => Promise<unknown> {
  const answers: Readonly<Record<string, unknown>> = { ...storedOf(quire), ...quire.upkeep }
  return async (request) => {
    const name = String(request['op'])
    const answering = name === 'close' || !Object.hasOwn(answers, name) ? undefined : answers[name]
    if (typeof answering !== 'function') {
      throw new Error(`unknown request '${name}'`)
    }
    const answer: unknown = await (answering as (...args: unknown[]) => Promise<unknown>)(...((request['args'] ?? []) as unknown[]))
    // What gives nothing is answered too: no answer means that the owner is gone.
    return answer ?? null
  }
}

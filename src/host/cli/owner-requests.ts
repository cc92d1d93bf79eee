import type { Quire } from '../../quire.ts'
import type { Stored } from './stored.ts'
import { storedOf } from './stored.ts'

/** Answers the commands of other processes on a folder this process owns (rules 15): the same reads and acts, by name. */
export function answerRequests(quire: Quire): (request: Readonly<Record<string, unknown>>) => Promise<unknown> {
  const stored = storedOf(quire)
  return async (request) => {
    const name = String(request['op']) as keyof Stored
    if (name === 'close' || typeof stored[name] !== 'function') {
      throw new Error(`unknown request '${name}'`)
    }
    const answer = await (stored[name] as (...args: unknown[]) => Promise<unknown>)(...((request['args'] ?? []) as unknown[]))
    // What gives nothing is answered too: no answer means that the owner is gone.
    return answer ?? null
  }
}

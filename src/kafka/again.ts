import type { Clock } from '../runtime/ports.ts'
import { pause } from '../runtime/time-limit.ts'

/** How often a call is made at most, and after which errors it is made again. */
export interface AgainOptions {
  readonly calls: number
  readonly when: (error: unknown) => boolean
}

const pauseMs = 50

/** Makes a call again after errors that pass within moments; what outlasts that is thrown, for longer waits are the relay's and the connection's. */
export async function again<T>(call: () => Promise<T>, clock: Clock, { calls, when }: AgainOptions): Promise<T> {
  for (let made = 1; ; made++) {
    try {
      return await call()
    } catch (error) {
      if (made === calls || !when(error)) {
        throw error
      }
    }
    await pause(clock, pauseMs)
  }
}

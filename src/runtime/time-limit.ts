import type { Clock } from './ports.ts'

export interface TimeLimit {
  readonly passed: Promise<void>
  readonly cancel: () => void
}

/** Passes after so many ms, unless cancelled before. */
export function timeLimit(clock: Clock, ms: number): TimeLimit {
  let cancel = (): void => {}
  const passed = new Promise<void>((resolve) => {
    cancel = clock.schedule(ms, resolve)
  })
  return { passed, cancel: () => cancel() }
}

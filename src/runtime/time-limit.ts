import type { Clock } from './ports.ts'

/** `passed` resolves after so many ms, unless cancelled before. */
export function timeLimit(clock: Clock, ms: number): { readonly passed: Promise<void>; readonly cancel: () => void } {
  let cancel = (): void => {}
  const passed = new Promise<void>((resolve) => {
    cancel = clock.schedule(ms, resolve)
  })
  return { passed, cancel: () => cancel() }
}

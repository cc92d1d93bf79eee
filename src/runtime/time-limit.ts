import type { Clock } from './ports.ts'

/** `passed` resolves after so many ms, unless cancelled before. */
export function timeLimit(clock: Clock, ms: number): { readonly passed: Promise<void>; readonly cancel: () => void } {
  let cancel = (): void => {}
  const passed = new Promise<void>((resolve) => {
    cancel = clock.schedule(ms, resolve)
  })
  return { passed, cancel: () => cancel() }
}

/** Waits for some work, but no longer than so many ms. */
export async function atMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const { passed, cancel } = timeLimit(clock, ms)
  await Promise.race([work, passed]).finally(cancel)
}

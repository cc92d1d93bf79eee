import type { Clock } from './ports.ts'

/** `passed` resolves after so many ms, unless cancelled before. */
export function timeLimit(clock: Clock, ms: number): { readonly passed: Promise<void>; readonly cancel: () => void } {
  let cancel = (): void => {}
  const passed = new Promise<void>((resolve) => {
    cancel = clock.schedule(ms, resolve)
  })
  return { passed, cancel: () => cancel() }
}

/** The result of some work, or what `late` gives or throws when it takes longer than so many ms. */
export async function atMost<T, L>(clock: Clock, ms: number, work: Promise<T>, late: () => L): Promise<T | L> {
  const { passed, cancel } = timeLimit(clock, ms)
  return await Promise.race([work, passed.then(late)]).finally(cancel)
}

/** Waits so many ms, or until the signal. */
export async function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) {
    return
  }
  await new Promise<void>((resolve) => {
    const end = (): void => {
      cancel()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.schedule(ms, end)
    signal?.addEventListener('abort', end)
  })
}

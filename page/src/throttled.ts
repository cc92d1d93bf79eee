/** Runs work soon after it is asked for, once for many asks, never twice at a time, and not more often than every `everyMs`. */
export function throttled(everyMs: number, work: () => Promise<void>): { readonly ask: () => void; readonly end: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  let isAsked = false
  let isRunning = false
  let isEnded = false
  const start = (): void => {
    if (isRunning || timer !== undefined || !isAsked || isEnded) {
      return
    }
    isAsked = false
    isRunning = true
    void work().finally(() => {
      isRunning = false
      timer = setTimeout(() => {
        timer = undefined
        start()
      }, everyMs)
    })
  }
  return {
    ask() {
      isAsked = true
      start()
    },
    end() {
      isEnded = true
      clearTimeout(timer)
    },
  }
}

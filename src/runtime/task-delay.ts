const brand = Symbol.for('quire.task-delay')

/**
 * Thrown by a task's `run`: not now, and no failure. The task is called again after `ms`; neither the call nor its lease is
 * counted, however often. What limits such waits is up to the one who throws. `reason` is shown where people look.
 * Known by its brand (`isTaskDelay`), so that two copies of the package agree.
 */
export class TaskDelay extends Error {
  readonly ms: number
  readonly reason: string

  constructor({ ms, reason }: { readonly ms: number; readonly reason: string }) {
    super(`waits ${Math.ceil(ms / 1_000)} s: ${reason}`)
    this.name = 'TaskDelay'
    this.ms = ms
    this.reason = reason
    Object.defineProperty(this, brand, { value: true })
  }
}

export function isTaskDelay(value: unknown): value is TaskDelay {
  return typeof value === 'object' && value !== null && Reflect.has(value, brand)
}

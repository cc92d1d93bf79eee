import type { Random } from './ports.ts'

export interface BackOffLimits {
  readonly firstMs: number
  readonly maxMs: number
}

/**
 * Wait before try number `failures + 1`, ms: doubles from `firstMs` up to `maxMs`, of which the upper half is jitter,
 * so that many waiters do not return together ('equal jitter').
 */
export function backOffMs(failures: number, limits: BackOffLimits, random: Random): number {
  const ceiling = Math.min(limits.maxMs, limits.firstMs * 2 ** Math.min(30, Math.max(0, failures - 1)))
  return Math.round(ceiling / 2 + (ceiling / 2) * random.next())
}

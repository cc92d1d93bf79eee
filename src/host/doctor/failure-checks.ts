import { manyFailures } from '../../runtime/failure-streaks.ts'
import type { Store } from '../../runtime/ports.ts'
import { type Check, ill, well } from './check.ts'

/** Partitions that their owner halted because all their messages threw. */
export async function failureChecks(store: Pick<Store, 'halted'>): Promise<readonly Check[]> {
  const failing = (await store.halted()).filter(({ why }) => why === manyFailures)
  return failing.length === 0
    ? [well('failures', 'no partition stands still because all its messages throw')]
    : failing.map(({ partition }) =>
        ill(
          `partition ${partition}`,
          'it stands still, for all its messages threw (many-failures)',
          'deploy the right version and restart; it tries again by itself every five minutes, and dead letters are replayed by hand',
        ),
      )
}

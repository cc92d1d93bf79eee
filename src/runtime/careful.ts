import type { Connection } from './connection.ts'
import { QuireError } from './errors.ts'
import type { OwnedPartitions } from './owned-partitions.ts'
import type { Store } from './ports.ts'
import { isIdle, oneByOne, partitionsOf, type Work, workOf } from './work.ts'

/**
 * From this many claims without progress on, something in the partition is taken for deadly to its owner (rules 29). Claims of an
 * idle partition do not count: with them a storm of kill -9 condemned the first message after a quiet time (2 of 380 batches).
 */
const mostClaims = 3

export interface CarefulParts {
  readonly partitions: OwnedPartitions
  readonly connection: Pick<Connection, 'use'>
  readonly store: Pick<Store, 'markBegun' | 'markStarted'>
  /** Decides and commits a turn of this work. */
  readonly turn: (work: Work) => Promise<void>
}

/**
 * Has work decided and committed. A partition that was claimed again and again without progress has its deliveries stepped one a commit,
 * each marked before: the one that stands marked when its owner comes to life again has killed it, and becomes a dead letter.
 */
export async function takeCare(work: Work, parts: CarefulParts): Promise<void> {
  const { connection, store, turn } = parts
  await begin(work, parts)
  const suspect = parts.partitions.all().filter((claim) => claim.attempts >= mostClaims)
  if (suspect.length === 0) {
    await turn(work)
    return
  }
  const suspects = new Set(suspect.map((claim) => claim.partition))
  const sound = workOf(work, (partition) => !suspects.has(partition))
  if (!isIdle(sound)) {
    await turn(sound)
  }
  for (const claim of suspect) {
    for (const delivery of oneByOne(workOf(work, (partition) => partition === claim.partition))) {
      if (claim.started === delivery.name) {
        const refusal = new QuireError(
          'delivery-deadly',
          `${delivery.name} of partition ${claim.partition} ended the process that stepped it`,
        )
        await turn({ ...delivery.work, refusal })
      } else {
        await connection.use(() => store.markStarted(claim, delivery.name))
        await turn(delivery.work)
      }
    }
  }
}

/** Counted before the first turn of a claim, so that it stands when this process does not outlive that turn. */
async function begin(work: Work, { connection, partitions, store }: CarefulParts): Promise<void> {
  const unbegun = partitions.unbegun(partitionsOf(work))
  if (unbegun.length > 0) {
    await connection.use(() => store.markBegun(unbegun))
    partitions.begin(unbegun)
  }
}

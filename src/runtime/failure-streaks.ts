/** Messages of a partition that threw one after the other, and whose they were. */
interface Streak {
  readonly messages: number
  readonly actors: readonly string[]
}

/** Streaks by partition. Never mutated. */
export type FailureStreaks = ReadonlyMap<number, Streak>

/** More messages than this, of more actors than this, in a row: it is not the messages that are bad (rules 30). */
const mostMessages = 20
const mostActors = 5

/** Why a partition with too long a streak stands still, and what mends it. */
export const manyFailures = `more than ${mostMessages} messages of this partition threw one after the other; mend the machine or deploy the right version, and restart`

/** True when the partition must stand still: a bad deploy must not empty the log into the dead letters. */
export function isTooLong(streaks: FailureStreaks, partition: number): boolean {
  const streak = streaks.get(partition)
  return streak !== undefined && streak.messages > mostMessages && streak.actors.length > mostActors
}

/** Takes in a message. One that was neither stepped nor failed (a duplicate, a held one) changes nothing. */
export function withMessage(
  streaks: FailureStreaks,
  message: { readonly partition: number; readonly address: string },
  end: { readonly stepped: boolean; readonly failed: boolean },
): FailureStreaks {
  const streak = streaks.get(message.partition)
  if (end.failed) {
    const actors = new Set([...(streak?.actors ?? []), message.address])
    return new Map(streaks).set(message.partition, {
      messages: (streak?.messages ?? 0) + 1,
      actors: [...actors].slice(0, mostActors + 1),
    })
  }
  return end.stepped && streak !== undefined ? without(streaks, message.partition) : streaks
}

/** After a claim: somebody may have mended something, so a message is tried; if it throws, the streak is too long again. */
export function relaxed(streaks: FailureStreaks, partitions: readonly number[]): FailureStreaks {
  const known = partitions.filter((partition) => isTooLong(streaks, partition))
  const shorter = known.map((partition) => [partition, { ...(streaks.get(partition) as Streak), messages: mostMessages }] as const)
  return shorter.length === 0 ? streaks : new Map([...streaks, ...shorter])
}

function without(streaks: FailureStreaks, partition: number): FailureStreaks {
  return new Map([...streaks].filter(([other]) => other !== partition))
}

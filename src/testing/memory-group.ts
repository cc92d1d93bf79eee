import type { Clock, Random } from '../runtime/ports.ts'

/** A member as its group sees it. */
export interface GroupMember {
  readonly process: string
  readonly topics: readonly string[]
  /** Takes a new assignment, under a new generation. */
  joined(generation: number, assignment: ReadonlyMap<string, readonly number[]>): void
  /** Its session ran out; it holds nothing until it joins again. */
  expelled(): void
}

export interface MemoryGroupParts {
  readonly clock: Clock
  readonly random: Random
  readonly sessionTimeoutMs: number
  /** True for a process that is paused or dead: it answers nothing. */
  readonly isSilent: (process: string) => boolean
  readonly isAway: () => boolean
  readonly partitionsOf: (topic: string) => number | undefined
}

/** A rebalance gathers its members for this long at most when all answer, ms. */
const gatherMs = 100
/** A member that does not answer is asked again after this time, ms. */
const againMs = 500

/** A consumer group: who its members are, what each is assigned, and the offsets they gave back. */
export class MemoryGroup {
  /** Offsets given back, by `topic/partition`. */
  readonly committed = new Map<string, number>()
  readonly #parts: MemoryGroupParts
  #members: GroupMember[] = []
  #generation = 0
  #rebalancing = false

  constructor(parts: MemoryGroupParts) {
    this.#parts = parts
  }

  isCurrent(member: GroupMember, generation: number): boolean {
    return this.#generation === generation && this.#members.includes(member)
  }

  join(member: GroupMember): void {
    this.#members.push(member)
    this.rebalance()
  }

  leave(member: GroupMember): void {
    if (this.#members.includes(member)) {
      this.#members = this.#members.filter((other) => other !== member)
      this.rebalance()
    }
  }

  /** The session of a process ran out. */
  expel(process: string): void {
    for (const member of this.#members.filter((each) => each.process === process)) {
      this.leave(member)
      member.expelled()
    }
  }

  /** Gathers the members and deals the partitions out anew; those that answer wait for one that does not, up to its session timeout. */
  rebalance(): void {
    if (!this.#rebalancing) {
      this.#rebalancing = true
      this.#gather(this.#parts.clock.now(), this.#parts.random.next() * gatherMs)
    }
  }

  #gather(since: number, waitMs: number): void {
    const { clock, isAway, isSilent, sessionTimeoutMs } = this.#parts
    clock.schedule(waitMs, () => {
      const waits = clock.now() - since < sessionTimeoutMs && this.#members.some((member) => isSilent(member.process))
      if (isAway() || waits) {
        this.#gather(since, againMs)
        return
      }
      this.#rebalancing = false
      for (const silent of this.#members.filter((member) => isSilent(member.process))) {
        this.#members = this.#members.filter((member) => member !== silent)
        silent.expelled()
      }
      this.#deal()
    })
  }

  /** Round robin from another member each time: a partition that can move moves. */
  #deal(): void {
    this.#generation += 1
    this.#members.forEach((member, index) => {
      const mine = member.topics.map((topic) => {
        const all = Array.from({ length: this.#parts.partitionsOf(topic) ?? 0 }, (_, partition) => partition)
        return [topic, all.filter((partition) => (partition + this.#generation) % this.#members.length === index)] as const
      })
      member.joined(this.#generation, new Map(mine))
    })
  }
}

import { backOffMs } from './back-off.ts'
import { type FenceAnswer, readFence, type StoredPosition } from './fence-answer.ts'
import type { Claim, Random, ReadPosition, Store } from './ports.ts'
import { TurnClock, type TurnClockParts } from './turn-clock.ts'
import type { PartitionAdvance, Turn } from './turn-rows.ts'

export interface OwnedPartitionsParts extends TurnClockParts {
  readonly owner: string
  readonly store: Pick<Store, 'claim' | 'release' | 'ping'>
  readonly random: Random
  readonly onChange: (partitions: readonly number[]) => void
  readonly onHalt: (halted: readonly HaltedPartition[]) => void
}

/** A partition that stands still until a person acts, and why. */
export interface HaltedPartition {
  readonly partition: number
  readonly code: string
  readonly message: string
}

const limits = { firstMs: 200, maxMs: 5_000 }

/** The partitions this process owns, each under its epoch, and the time of their turns. */
export class OwnedPartitions {
  readonly #parts: OwnedPartitionsParts
  readonly #turnClock: TurnClock
  readonly #claims = new Map<number, Claim>()
  readonly #assigned = new Set<number>()
  readonly #notBefore = new Map<number, number>()
  readonly #halted = new Map<number, HaltedPartition>()
  readonly #begun = new Set<number>()
  #lost: number[] = []
  #fences = 0

  constructor(parts: OwnedPartitionsParts) {
    this.#parts = parts
    this.#turnClock = new TurnClock(parts)
  }

  /** These partitions may be claimed from now on. */
  assign(partitions: readonly number[]): void {
    for (const partition of partitions) {
      this.#assigned.add(partition)
    }
  }

  /** No partition may be claimed until one is assigned again; those held stay until they are fenced. */
  detach(): void {
    this.#assigned.clear()
  }

  /** These partitions may not be used any more. */
  revoke(partitions: readonly number[]): void {
    for (const partition of partitions) {
      this.#assigned.delete(partition)
      this.#notBefore.delete(partition)
      this.#halted.delete(partition)
      this.#drop(partition)
    }
    this.#changed()
  }

  /** Partitions that were revoked or halted since the last call: what is known of them must be forgotten. */
  takeLost(): readonly number[] {
    const lost = this.#lost
    this.#lost = []
    return lost
  }

  /** A partition stands still: it is dropped, and claimed again after `againMs` to see whether somebody mended it. */
  halt(halted: HaltedPartition, againMs: number): void {
    this.#halted.set(halted.partition, halted)
    this.#notBefore.set(halted.partition, this.#parts.clock.now() + againMs)
    this.#drop(halted.partition)
    this.#changed()
  }

  /** These partitions go on. */
  readable(partitions: readonly number[]): void {
    if (this.#halted.size > 0 && partitions.filter((partition) => this.#halted.delete(partition)).length > 0) {
      this.#parts.onHalt([...this.#halted.values()])
    }
  }

  #drop(partition: number): void {
    if (this.#claims.delete(partition)) {
      this.#lost.push(partition)
    }
  }

  /** Claims what is assigned, not owned, and not backing off. Returns the partitions that were claimed. */
  async claim(): Promise<readonly number[]> {
    const { clock, owner, store } = this.#parts
    await this.#turnClock.measure()
    const wanted = [...this.#assigned].filter(
      (partition) => !this.#claims.has(partition) && (this.#notBefore.get(partition) ?? 0) <= clock.now(),
    )
    if (wanted.length === 0) {
      return []
    }
    const claims = await store.claim(wanted, owner)
    const kept = claims.filter((claim) => this.#assigned.has(claim.partition))
    for (const claim of kept) {
      this.#claims.set(claim.partition, claim)
      this.#begun.delete(claim.partition)
      this.#turnClock.passed(claim.lastTurnAt)
    }
    this.#changed()
    return kept.map((claim) => claim.partition)
  }

  /** Claims of these partitions under which no work was begun yet. */
  unbegun(partitions: ReadonlySet<number>): readonly Claim[] {
    return this.all().filter(({ partition }) => partitions.has(partition) && !this.#begun.has(partition))
  }

  /** Work is begun under these claims. */
  begin(claims: readonly Claim[]): void {
    for (const { partition, epoch } of claims) {
      const claim = this.#claims.get(partition)
      if (claim?.epoch === epoch) {
        this.#claims.set(partition, { ...claim, attempts: claim.attempts + 1 })
        this.#begun.add(partition)
      }
    }
  }

  /** Difference of the database's clock to this node's, ms. */
  get skewMs(): number {
    return this.#turnClock.skewMs
  }

  get(partition: number): Claim | undefined {
    return this.#claims.get(partition)
  }

  ids(): readonly number[] {
    return [...this.#claims.keys()]
  }

  all(): readonly Claim[] {
    return [...this.#claims.values()]
  }

  positions(): ReadPosition[] {
    return this.all().map(({ partition, nextOffset, lastRecord }) => ({ partition, offset: nextOffset, lastRecord }))
  }

  asMap(): ReadonlyMap<number, Claim> {
    return new Map(this.#claims)
  }

  /** Time of the next turn, ms: never before that of the last one. */
  now(): number {
    return this.#turnClock.now()
  }

  /** True while a partition is held under the very epoch a turn was decided for. */
  isHeld({ partition, epoch }: Pick<PartitionAdvance, 'partition' | 'epoch'>): boolean {
    return this.#claims.get(partition)?.epoch === epoch
  }

  /** When a partition whose claim backs off may be claimed again. */
  nextAt(): number | undefined {
    const waits = [...this.#assigned]
      .filter((partition) => !this.#claims.has(partition))
      .map((partition) => this.#notBefore.get(partition) ?? 0)
    return waits.length === 0 ? undefined : Math.min(...waits)
  }

  /** Takes in the new positions of a committed turn. */
  advance(turn: Turn): void {
    this.#turnClock.passed(turn.now)
    this.#fences = 0
    for (const { partition, epoch, toOffset, toEntry, lastRecord } of turn.partitions) {
      const claim = this.#claims.get(partition)
      if (claim?.epoch === epoch) {
        const moved = { nextOffset: toOffset, nextEntry: toEntry, lastTurnAt: turn.now, lastRecord: lastRecord ?? claim.lastRecord }
        this.#claims.set(partition, { ...claim, ...moved, attempts: 0, started: null })
      }
    }
  }

  /**
   * Takes in the answer of a fence: what was lost is dropped and, while still assigned, claimed again after a back-off.
   * @throws QuireError `fence-broken`
   */
  fenced(advances: readonly PartitionAdvance[], stored: readonly StoredPosition[]): FenceAnswer {
    const answer = readFence(advances, stored)
    const { lost } = answer
    const rows = new Map(stored.map((row) => [row.partition, row]))
    this.#fences += 1
    const again = this.#parts.clock.now() + backOffMs(this.#fences, limits, this.#parts.random)
    for (const partition of lost) {
      // Claimed anew by this very process meanwhile: the turn is void, the claim is not.
      if ((this.#claims.get(partition)?.epoch ?? 0) < (rows.get(partition)?.epoch ?? 0)) {
        this.#claims.delete(partition)
        this.#notBefore.set(partition, again)
      }
    }
    if (lost.length > 0) {
      this.#changed()
    }
    return answer
  }

  /** Gives up everything, so that another may take over at once. */
  async release(): Promise<void> {
    const claims = this.all()
    this.revoke([...this.#assigned, ...this.ids()])
    if (claims.length > 0) {
      await this.#parts.store.release(claims)
    }
  }

  #changed(): void {
    this.#parts.onChange(this.ids())
    this.#parts.onHalt([...this.#halted.values()])
  }
}

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StepBatch } from '../support/step-batch.ts'

const minute = 60_000
const terminal: ReadonlySet<string> = new Set(['cj_assessment.completed', 'cj_assessment.failed'])
const computations = ['choosePairs', 'decideHeavy', 'scoreBatch'] as const
const errors = ['RATE_LIMIT', 'TIMEOUT', 'INVALID_REQUEST', 'SOMETHING_NEW'] as const

/** One thing the world does; `at` picks a slot, `attempt` one of its attempts. */
type Act =
  | { readonly kind: 'verdict'; readonly at: number; readonly attempt: number; readonly winner: 'a' | 'b' | null; readonly error: number }
  | { readonly kind: 'accepted' | 'notAccepted'; readonly at: number; readonly error: number }
  | { readonly kind: 'content'; readonly at: number; readonly there: boolean }
  | { readonly kind: 'compute' }
  | { readonly kind: 'elapse'; readonly minutes: number }
  | { readonly kind: 'PAUSE' | 'RESUME' | 'FORCE' | 'CANCEL' | 'WAKE' }

const nat = fc.nat(1_000)
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 60,
    arbitrary: fc.record({
      kind: fc.constant('verdict' as const),
      at: nat,
      attempt: nat,
      winner: fc.constantFrom('a', 'b', 'a', 'b', 'a', 'b', null),
      error: nat,
    }),
  },
  {
    weight: 16,
    arbitrary: fc.record({ kind: fc.constantFrom('accepted' as const, 'accepted' as const, 'notAccepted' as const), at: nat, error: nat }),
  },
  {
    weight: 20,
    arbitrary: fc.record({
      kind: fc.constant('content' as const),
      at: nat,
      there: fc.integer({ min: 0, max: 9 }).map((drawn) => drawn > 0),
    }),
  },
  { weight: 20, arbitrary: fc.constant({ kind: 'compute' as const }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('elapse' as const), minutes: fc.constantFrom(0.1, 1, 5, 11, 11, 245) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('PAUSE' as const, 'WAKE' as const) }) },
  { weight: 16, arbitrary: fc.record({ kind: fc.constantFrom('RESUME' as const, 'FORCE' as const, 'FORCE' as const) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'CANCEL' as const }) },
)

function pick<T>(items: readonly T[], number: number): T | undefined {
  return items.length === 0 ? undefined : items[number % items.length]
}

function openTask(batch: StepBatch, prefix: string, at: number): number | undefined {
  const id = pick(
    [...batch.tasks.keys()].filter((name) => new RegExp(`^${prefix}\\d`).test(name)),
    at,
  )
  return id === undefined ? undefined : Number.parseInt(id.slice(1), 10)
}

function perform(batch: StepBatch, step: Act): void {
  switch (step.kind) {
    case 'verdict': {
      const slots = batch.slots()
      const number = slots.length === 0 ? 0 : step.at % slots.length
      const attempts = slots[number]?.attempts ?? 0
      if (attempts > 0) {
        batch.verdict(number, step.winner ?? { error: pick(errors, step.error) ?? '' }, 1 + (step.attempt % attempts))
      }
      return
    }
    case 'accepted':
    case 'notAccepted': {
      const slot = openTask(batch, 'c', step.at)
      if (slot !== undefined) {
        step.kind === 'accepted' ? batch.accepted(slot) : batch.notAccepted(slot, pick(errors, step.error))
      }
      return
    }
    case 'content': {
      const index = openTask(batch, 't', step.at)
      if (index !== undefined) {
        step.there ? batch.fetched(index) : batch.notFetched(index, 'RESOURCE_NOT_FOUND')
      }
      return
    }
    case 'compute': {
      const name = computations.find((task) => batch.tasks.has(task))
      if (name !== undefined) {
        batch.compute(name)
      }
      return
    }
    case 'elapse':
      batch.elapse(step.minutes * minute)
      return
    default:
      batch.send({ type: step.kind })
  }
}

/** What the counters must be, kept beside the machine in the simplest way: the first success of a slot is its verdict, for ever. */
class Specification {
  readonly verdicts = new Map<number, string>()

  check(batch: StepBatch): void {
    const { counters, planned, settled, workCap } = batch.progress
    const { policy } = batch.context
    batch.slots().forEach(({ state }, number) => {
      const known = this.verdicts.get(number)
      if (known !== undefined && state !== known) {
        throw new Error(`slot ${number} had the verdict ${known} and is ${state} now`)
      }
      if (state === 'won_a' || state === 'won_b') {
        this.verdicts.set(number, state)
      }
    })
    expect(counters.completed).toBe(this.verdicts.size)
    expect(counters.submitted).toBeLessThanOrEqual(policy.totalBudget)
    expect(planned).toBeLessThanOrEqual(workCap ?? 0)
    expect(settled).toBeLessThanOrEqual(planned)
    expect(counters.failed).toBeLessThanOrEqual(counters.submitted)
    expect(batch.published.filter(({ topic }) => terminal.has(topic))).toHaveLength(batch.isDone ? 1 : 0)
  }
}

/** The world comes to its senses: nobody pauses, every text comes and every question gets an answer. */
function heal(batch: StepBatch, answer: (slot: number) => 'a' | 'b' | { readonly error: string }): void {
  batch.send({ type: 'RESUME' })
  for (let round = 0; round < 2_000 && !batch.isDone; round++) {
    const index = openTask(batch, 't', 0)
    const [slot] = batch.outstanding()
    if (index !== undefined) {
      batch.fetched(index)
    } else if (slot !== undefined && batch.state === 'WAITING_CALLBACKS') {
      batch.verdict(slot, answer(slot))
    } else {
      perform(batch, { kind: 'compute' })
    }
  }
}

const world = fc.record({
  essays: fc.constantFrom(0, 1, 2, 3, 4, 4, 5, 5, 6, 6),
  bare: fc.boolean(),
  budget: fc.constantFrom(undefined, undefined, 1, 3, 7, 30, 60),
  retries: fc.integer({ min: 0, max: 3 }),
  ceiling: fc.constantFrom(2, 6, 120, 350),
  acts: fc.array(act, { maxLength: 60, size: 'max' }),
  answers: fc.array(fc.constantFrom('a' as const, 'b' as const, 'b' as const, { error: 'RATE_LIMIT' }, { error: 'QUOTA_EXCEEDED' }), {
    minLength: 1,
    maxLength: 12,
  }),
})

describe('whatever the world does to a batch', () => {
  it('a batch has something under way or is done, counts truly, ends exactly once, and ends when the world answers', () => {
    const ends = new Map<string, number>()
    fc.assert(
      fc.property(world, ({ essays, bare, budget, retries, ceiling, acts, answers }) => {
        const batch = new StepBatch({
          essays,
          hold: true,
          bare,
          request: budget === undefined ? {} : { maxComparisons: budget },
          settings: { maxRetryAttempts: retries, maxPairwiseComparisons: ceiling },
        })
        const specification = new Specification()
        specification.check(batch)
        for (const step of acts) {
          perform(batch, step)
          specification.check(batch)
        }
        let asked = 0
        heal(batch, () => answers[asked++ % answers.length] ?? 'a')
        specification.check(batch)
        expect(batch.isDone).toBe(true)
        const { status } = batch.progress
        ends.set(status, (ends.get(status) ?? 0) + 1)
        if (status.startsWith('COMPLETE_') && status !== 'COMPLETE_INSUFFICIENT_ESSAYS') {
          expect(batch.progress.counters.completed).toBeGreaterThan(0)
          expect(batch.context.scores?.ranking).toHaveLength(batch.context.items.length)
        }
      }),
      { numRuns: 400 },
    )
    // Worlds that lead to one end only would prove little.
    expect([...ends.keys()]).toEqual(
      expect.arrayContaining(['COMPLETE_STABLE', 'COMPLETE_MAX_COMPARISONS', 'ERROR_PROCESSING', 'CANCELLED']),
    )
  })

  it('the same outcomes in any order, with any answers twice, lead to the same end and the same ranking', () => {
    const orders = fc.record({
      essays: fc.integer({ min: 2, max: 6 }),
      keys: fc.array(nat, { minLength: 15, maxLength: 15 }),
      winners: fc.array(fc.constantFrom('a' as const, 'b' as const), { minLength: 15, maxLength: 15 }),
      twice: fc.array(fc.boolean(), { minLength: 15, maxLength: 15 }),
    })
    fc.assert(
      fc.property(orders, ({ essays, keys, winners, twice }) => {
        const straight = new StepBatch({ essays })
        const shuffled = new StepBatch({ essays })
        const slots = straight.outstanding()
        slots.forEach((slot) => straight.verdict(slot, winners[slot]))
        slots
          .toSorted((one, other) => (keys[one] ?? 0) - (keys[other] ?? 0))
          .forEach((slot) => {
            shuffled.verdict(slot, winners[slot])
            if (twice[slot] === true) {
              shuffled.verdict(slot, winners[slot] === 'a' ? 'b' : 'a')
            }
          })
        expect([shuffled.progress.status, shuffled.context.scores]).toEqual([straight.progress.status, straight.context.scores])
      }),
      { numRuns: 150 },
    )
  })
})

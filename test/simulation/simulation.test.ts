import { describe, expect, it } from 'vitest'
import { mutations } from './mutations.ts'
import { simulate } from './simulate.ts'

const seedsInTests = 200

describe('the simulation', () => {
  it(`finds no violation in ${seedsInTests} seeds of chaos`, { timeout: 300_000 }, async () => {
    for (let seed = 10_001; seed <= 10_000 + seedsInTests; seed++) {
      const { violations } = await simulate({ seed })
      expect(violations, `npm run simulate -- --seeds 1 --seed ${seed}`).toEqual([])
    }
  })

  it('gives the same trace for the same seed, and another for another', async () => {
    const [once, again, other] = [await simulate({ seed: 7 }), await simulate({ seed: 7 }), await simulate({ seed: 8 })]
    expect(again).toEqual(once)
    expect(other.trace).not.toBe(once.trace)
  })

  it('posts no comparison more than once when nothing goes wrong', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const calm = await simulate({ seed, calm: true })
      expect(calm).toMatchObject({ violations: [], crashes: 0 })
      expect(calm.posts).toBeLessThanOrEqual(12)
    }
  })

  it.each(mutations)('notices a planted fault: %s', { timeout: 120_000 }, async (mutation) => {
    const found: string[] = []
    for (let seed = 1; seed <= 40 && found.length === 0; seed++) {
      found.push(...(await simulate({ seed, mutation })).violations)
    }
    expect(found).not.toEqual([])
  })
})

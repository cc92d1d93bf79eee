import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { compareTexts, textQuality } from '../../src/host/text-heuristic.ts'

const folder = fileURLToPath(new URL('../../examples/essays/', import.meta.url))
const text = (name: string): string => readFileSync(`${folder}${name}.txt`, 'utf8')

/** As examples/essays-prompt.md says. */
const tiers = [
  ['alder', 'hazel', 'rowan'],
  ['birch', 'linden', 'willow'],
  ['cedar', 'maple', 'poplar'],
  ['aspen', 'elm', 'oak'],
]

describe('the demonstration judge', () => {
  it('puts every example essay above all of the tiers below it', () => {
    for (let tier = 0; tier + 1 < tiers.length; tier++) {
      const worst = Math.min(...(tiers[tier] ?? []).map((name) => textQuality(text(name))))
      const best = Math.max(...(tiers[tier + 1] ?? []).map((name) => textQuality(text(name))))
      expect(worst).toBeGreaterThan(best)
    }
  })

  it('answers the same in both slots, for equal texts too', () => {
    const names = readdirSync(folder).map((name) => name.replace('.txt', ''))
    for (const one of names) {
      for (const other of names.filter((name) => name !== one)) {
        expect(compareTexts(text(one), text(other)).winner).not.toBe(compareTexts(text(other), text(one)).winner)
      }
    }
    expect(compareTexts('aa', 'ab').winner).not.toBe(compareTexts('ab', 'aa').winner)
  })

  it('gives a confidence from 1 to 5 and a justification a provider might give', () => {
    const verdict = compareTexts(text('hazel'), text('oak'))
    expect(verdict).toMatchObject({ winner: 'Essay A', confidence: 5 })
    expect(verdict.justification.length).toBeLessThan(500)
  })
})

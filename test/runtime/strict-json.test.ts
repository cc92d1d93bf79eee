import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assertLossless, mayBeIllFormed, repairStrings } from '../../src/runtime/strict-json.ts'

class Box {
  size = 1
}

describe('assertLossless', () => {
  it.each([
    ['a Date', { when: new Date(0) }, 'context.when holds a Date'],
    ['a Map', { deep: [{ map: new Map() }] }, 'context.deep[0].map holds a Map'],
    ['a Set', new Set(), 'context holds a Set'],
    ['a BigInt', { n: 1n }, 'context.n holds a bigint'],
    ['NaN', { n: Number.NaN }, 'context.n holds NaN'],
    ['undefined in an array', { list: [1, undefined] }, 'context.list[1] holds undefined'],
    ['a function', { f: () => 1 }, 'context.f holds a function'],
    ['a class instance', { box: new Box() }, 'context.box holds a Box'],
    ['an Error', { error: new TypeError('x') }, 'context.error holds a TypeError'],
  ])('refuses %s with its path', (_, value, message) => {
    expect(() => assertLossless(value, 'context')).toThrow(message)
  })

  it('lets pass exactly what JSON gives back unchanged', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assertLossless(value, 'value')
        expect(JSON.parse(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
    assertLossless({ dropped: undefined, kept: [null] }, 'value')
  })
})

describe('repairStrings', () => {
  it('leaves no text that Postgres or UTF-8 would refuse, and touches nothing else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer(), (text, number) => {
        const value = { [text]: [text, number], nested: { text } }
        const repaired = JSON.stringify(repairStrings(value))
        expect(mayBeIllFormed(repaired)).toBe(false)
        expect(repaired).not.toContain('\\u0000')
        expect(repaired.isWellFormed()).toBe(true)
      }),
    )
    expect(repairStrings({ a: 'x', n: 1, list: [true, null] })).toEqual({ a: 'x', n: 1, list: [true, null] })
  })
})

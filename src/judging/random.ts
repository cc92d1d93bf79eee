/** Numbers in [0, 1), one after the other. */
export interface RandomStream {
  next(): number
}

/**
 * A generator fixed by seed and position: the same two give the same numbers, so a replay plans the same pairs (rules 64).
 * sfc32 by Chris Doty-Humphrey (PractRand), seeded by four rounds of MurmurHash3's finaliser over the text.
 */
export function randomStream(seed: string, position: number): RandomStream {
  const state = hash128(`${seed}#${position}`)
  const next = (): number => {
    const [a, b, c, d] = state
    const sum = (a + b + d) | 0
    state[0] = b ^ (b >>> 9)
    state[1] = (c + (c << 3)) | 0
    state[2] = (((c << 21) | (c >>> 11)) + sum) | 0
    state[3] = (d + 1) | 0
    return (sum >>> 0) / 4_294_967_296
  }
  for (let round = 0; round < 12; round++) {
    next()
  }
  return { next }
}

function hash128(text: string): [number, number, number, number] {
  const word = (salt: number): number => {
    let hash = salt
    for (let index = 0; index < text.length; index++) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x5bd1e995)
      hash ^= hash >>> 15
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    return hash ^ (hash >>> 16)
  }
  return [word(0x9e3779b9), word(0x243f6a88), word(0xb7e15162), 1]
}

/** The items in random order (Fisher-Yates). */
export function shuffled<T>(items: readonly T[], random: RandomStream): T[] {
  const result = [...items]
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random.next() * (last + 1))
    const kept = result[last] as T
    result[last] = result[other] as T
    result[other] = kept
  }
  return result
}

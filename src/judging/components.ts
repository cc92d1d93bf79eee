/** Sets of items that are joined by pairs (union-find with path halving). */
export class Components {
  readonly #parent: number[]
  #count: number

  constructor(n: number) {
    this.#parent = Array.from({ length: n }, (_, item) => item)
    this.#count = n
  }

  /** Number of components; 1 when everything is connected. */
  get count(): number {
    return this.#count
  }

  /** Joins two items; false when they were joined before. */
  join(one: number, other: number): boolean {
    const a = this.rootOf(one)
    const b = this.rootOf(other)
    if (a === b) {
      return false
    }
    this.#parent[a] = b
    this.#count -= 1
    return true
  }

  rootOf(item: number): number {
    let current = item
    while (this.#parent[current] !== current) {
      const grand = this.#parent[this.#parent[current] as number] as number
      this.#parent[current] = grand
      current = grand
    }
    return current
  }
}

/** The components that pairs make of n items. */
export function componentsOf(n: number, pairs: Iterable<{ readonly a: number; readonly b: number }>): Components {
  const components = new Components(n)
  for (const { a, b } of pairs) {
    components.join(a, b)
  }
  return components
}

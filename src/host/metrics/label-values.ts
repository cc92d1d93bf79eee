/** Values of a label that cannot grow without bound: the first `most` are told apart, later ones are `other`. */
export class LabelValues {
  readonly #known: Set<string>
  readonly #most: number

  constructor(known: readonly string[], most = known.length) {
    this.#known = new Set(known)
    this.#most = most
  }

  of(value: string | null | undefined): string {
    if (value === null || value === undefined || value === '') {
      return 'unknown'
    }
    if (this.#known.has(value)) {
      return value
    }
    if (this.#known.size >= this.#most || value.length > 100) {
      return 'other'
    }
    this.#known.add(value)
    return value
  }
}

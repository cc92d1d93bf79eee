/** A binary heap: `pop` gives the item with the smallest key. Of equal keys the one pushed first comes first. */
export class Heap<T> {
  readonly #items: { readonly key: number; readonly order: number; readonly item: T }[] = []
  #order = 0

  get size(): number {
    return this.#items.length
  }

  /** Smallest key, or undefined when empty. */
  get topKey(): number | undefined {
    return this.#items[0]?.key
  }

  /** The item `pop` would give. */
  get top(): T | undefined {
    return this.#items[0]?.item
  }

  push(key: number, item: T): void {
    this.#items.push({ key, order: this.#order++, item })
    this.#rise(this.#items.length - 1)
  }

  pop(): T | undefined {
    const top = this.#items[0]
    const last = this.#items.pop()
    if (top === undefined || last === undefined) {
      return undefined
    }
    if (this.#items.length > 0) {
      this.#items[0] = last
      this.#sink(0)
    }
    return top.item
  }

  #precedes(one: number, other: number): boolean {
    const a = this.#items[one]
    const b = this.#items[other]
    return a !== undefined && b !== undefined && (a.key < b.key || (a.key === b.key && a.order < b.order))
  }

  #swap(one: number, other: number): void {
    const a = this.#items[one]
    const b = this.#items[other]
    if (a !== undefined && b !== undefined) {
      this.#items[one] = b
      this.#items[other] = a
    }
  }

  #rise(from: number): void {
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#precedes(index, parent)) {
        return
      }
      this.#swap(index, parent)
      index = parent
    }
  }

  #sink(from: number): void {
    let index = from
    for (;;) {
      const left = 2 * index + 1
      const right = left + 1
      let least = this.#precedes(left, index) ? left : index
      least = this.#precedes(right, least) ? right : least
      if (least === index) {
        return
      }
      this.#swap(index, least)
      index = least
    }
  }
}

import type { Transition } from '../../runtime/watch.ts'

type Position = Transition['position']

/** How far a reader has come in each partition, as the id of an event: `0.12,5.3`; partitions that hold nothing are left out. */
export class StreamPosition {
  readonly #entries: Map<number, number>

  constructor(positions: readonly Position[]) {
    this.#entries = new Map(positions.map(({ partition, entry }) => [partition, entry]))
  }

  /** Reads an id; undefined for a text that is none. */
  static parse(text: string): StreamPosition | undefined {
    if (!/^(\d{1,5}\.\d{1,15})(,\d{1,5}\.\d{1,15})*$/.test(text)) {
      return undefined
    }
    const positions = text.split(',').map((part) => {
      const [partition, entry] = part.split('.').map(Number)
      return { partition: partition as number, entry: entry as number }
    })
    return new StreamPosition(positions)
  }

  advance({ partition, entry }: Position): void {
    this.#entries.set(partition, entry)
  }

  positions(): Position[] {
    return [...this.#entries].map(([partition, entry]) => ({ partition, entry }))
  }

  toString(): string {
    const shown = [...this.#entries].filter(([, entry]) => entry > 0)
    return shown.length === 0 ? '0.0' : shown.map(([partition, entry]) => `${partition}.${entry}`).join(',')
  }
}

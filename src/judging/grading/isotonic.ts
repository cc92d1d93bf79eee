/**
 * The non-decreasing sequence nearest to the values in least squares: neighbours that fall are pooled to their mean
 * (pool adjacent violators; Barlow, Bartholomew, Bremner and Brunk 1972).
 */
export function isotonic(values: readonly number[]): number[] {
  const pools: { sum: number; size: number }[] = []
  for (const value of values) {
    let pool = { sum: value, size: 1 }
    for (let last = pools.at(-1); last !== undefined && last.sum / last.size > pool.sum / pool.size; last = pools.at(-1)) {
      pools.pop()
      pool = { sum: last.sum + pool.sum, size: last.size + pool.size }
    }
    pools.push(pool)
  }
  return pools.flatMap(({ sum, size }) => new Array<number>(size).fill(sum / size))
}

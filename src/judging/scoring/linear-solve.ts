/** A symmetric positive definite matrix, row by row. */
export type Matrix = Float64Array

/** Cholesky factor L (lower) of a symmetric positive definite n x n matrix; undefined when it is not positive definite. */
export function cholesky(matrix: Matrix, n: number): Matrix | undefined {
  const factor = new Float64Array(n * n)
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row * n + column] as number
      for (let k = 0; k < column; k++) {
        sum -= (factor[row * n + k] as number) * (factor[column * n + k] as number)
      }
      if (row === column) {
        if (!(sum > 0)) {
          return undefined
        }
        factor[row * n + row] = Math.sqrt(sum)
      } else {
        factor[row * n + column] = sum / (factor[column * n + column] as number)
      }
    }
  }
  return factor
}

/** Solves L Lt x = right for a Cholesky factor L. */
export function solve(factor: Matrix, right: ArrayLike<number>, n: number): Float64Array {
  const x = Float64Array.from(right)
  for (let row = 0; row < n; row++) {
    let sum = x[row] as number
    for (let k = 0; k < row; k++) {
      sum -= (factor[row * n + k] as number) * (x[k] as number)
    }
    x[row] = sum / (factor[row * n + row] as number)
  }
  for (let row = n - 1; row >= 0; row--) {
    let sum = x[row] as number
    for (let k = row + 1; k < n; k++) {
      sum -= (factor[k * n + row] as number) * (x[k] as number)
    }
    x[row] = sum / (factor[row * n + row] as number)
  }
  return x
}

/** Inverse from a Cholesky factor, column by column. */
export function inverse(factor: Matrix, n: number): Matrix {
  const result = new Float64Array(n * n)
  const unit = new Float64Array(n)
  for (let column = 0; column < n; column++) {
    unit.fill(0)
    unit[column] = 1
    result.set(solve(factor, unit, n), column * n)
  }
  return result
}

/** USD for a million tokens. */
export interface TokenPrice {
  readonly input: number
  readonly output: number
}

/** USD for these tokens; 0 where no price is known. */
export function costOf(tokens: { readonly input: number; readonly output: number }, price: TokenPrice | undefined): number {
  return price === undefined ? 0 : (tokens.input * price.input + tokens.output * price.output) / 1_000_000
}

/** Small sums with four places, others with two. */
export function usd(amount: number): string {
  return `${amount.toFixed(amount < 1 ? 4 : 2)} USD`
}

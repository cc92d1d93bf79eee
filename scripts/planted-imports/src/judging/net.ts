// allowed
export interface Net {
  readonly size: number
}
export const empty: Net = { size: 0 }

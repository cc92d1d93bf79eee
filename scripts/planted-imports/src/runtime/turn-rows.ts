// allowed
export const rows = 0
export type Rows = number

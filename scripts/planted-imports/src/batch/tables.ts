// allowed
export const tables = []
export type Table = string

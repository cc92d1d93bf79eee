// allowed
export const codes = ['timeout']
export type Code = string

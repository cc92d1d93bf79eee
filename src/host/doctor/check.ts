/** One thing the doctor looked at. `remedy` says what to do when it is not well. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  readonly remedy: string | null
}

export function well(name: string, detail: string): Check {
  return { name, ok: true, detail, remedy: null }
}

export function ill(name: string, detail: string, remedy: string): Check {
  return { name, ok: false, detail, remedy }
}

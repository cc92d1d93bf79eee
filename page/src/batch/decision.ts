import type { JournalEntry } from '../service/batch-api.ts'

/** A decision of the completion policy, as the journal keeps it. */
export interface Decision {
  readonly row: number
  readonly action: string
  readonly code: string
  readonly reason: string
  readonly numbers: readonly (readonly [name: string, value: string])[]
}

type Noted = Omit<Decision, 'numbers'> & { readonly numbers?: Readonly<Record<string, unknown>> }

export function decisionOf({ notes }: JournalEntry): Decision | null {
  const note = notes.find((each) => typeof each === 'object' && each !== null && 'decision' in each)
  const decision = (note as { readonly decision?: Noted | null } | undefined)?.decision ?? null
  return decision === null ? null : { ...decision, numbers: flat(decision.numbers ?? {}) }
}

/** `stability.maxChange 0.02`; `successRate` instead of `success rate`, for these are the names of the policy. */
function flat(numbers: Readonly<Record<string, unknown>>, before = ''): (readonly [string, string])[] {
  return Object.entries(numbers).flatMap(([name, value]) => {
    if (typeof value === 'object' && value !== null) {
      return flat(value as Record<string, unknown>, `${before}${name}.`)
    }
    const text = typeof value === 'number' ? String(Math.round(value * 1e4) / 1e4) : String(value)
    return value === null || value === '' ? [] : [[`${before}${name}`, text] as const]
  })
}

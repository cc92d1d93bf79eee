import type { z } from 'zod'

/** The first thing a schema found wrong. */
export interface Complaint {
  /** Path of the field, e.g. `essays_for_cj.3.essay_id`; empty for the whole. */
  readonly field: string
  readonly problem: string
}

/** A path or a text may be as long as a sender likes; a message for people may not. */
const longest = 300

export function complaintOf(error: z.ZodError): Complaint {
  const [issue] = error.issues
  return {
    field: (issue?.path.map(String).join('.') ?? '').slice(0, longest),
    problem: (issue?.message ?? 'is malformed').slice(0, longest),
  }
}

/** `field: problem`. */
export function sentenceOf({ field, problem }: Complaint): string {
  return field === '' ? problem : `${field}: ${problem}`
}

import { z } from 'zod'

/**
 * Parameters of a query, or fields of an operator's order. One that is misspelt is refused by its name: an answer without its filter
 * would look right.
 */
export function parameters<T extends z.core.$ZodLooseShape>(shape: T) {
  const known = Object.keys(shape)
  const remedy = known.length === 0 ? 'there is none' : `give ${known.join(', ')}`
  const error = (issue: z.core.$ZodRawIssue): string | undefined =>
    issue.code === 'unrecognized_keys' ? `${(issue['keys'] as string[]).join(', ')} is no parameter here; ${remedy}` : undefined
  return z.strictObject(shape, { error })
}

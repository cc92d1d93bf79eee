import { z } from 'zod'
import type { Json, TenantRow } from '../runtime/define-actor.ts'
import { briefs } from './tables.ts'

/** LLMConfigOverrides (domain 4.3); a temperature of 0 is one. */
export const llmOverrides = z.object({
  provider_override: z.string().min(1).nullish(),
  model_override: z.string().min(1).nullish(),
  temperature_override: z.number().min(0).max(2).nullish(),
  max_tokens_override: z.int().positive().nullish(),
  system_prompt_override: z.string().min(1).nullish(),
  judge_rubric_override: z.string().min(1).nullish(),
  reasoning_effort: z.enum(['none', 'low', 'medium', 'high']).nullish(),
  output_verbosity: z.enum(['low', 'medium', 'high']).nullish(),
})
export type LlmOverrides = z.output<typeof llmOverrides>

/** What a batch tells its judge of every comparison. */
export interface JudgingBrief {
  /** The task the essays answer. */
  readonly assignment: string | null
  /** What a better essay is; an override of the request goes before it. */
  readonly rubric: string | null
  readonly overrides: LlmOverrides
  readonly userId: string | null
}

/** Of a batch that tells nothing. */
export const noBrief: JudgingBrief = Object.freeze({ assignment: null, rubric: null, overrides: {}, userId: null })

/** The row a batch's brief is stored as, by the turn that knows it. */
export function briefRow(address: string, { assignment, rubric, overrides, userId }: JudgingBrief): TenantRow {
  return {
    table: briefs.name,
    key: { address },
    values: { assignment, rubric, overrides: JSON.stringify(overrides), user_id: userId },
  }
}

/** The brief of a stored row. @throws ZodError when its overrides are none */
export function briefOf(row: Readonly<Record<string, Json>> | undefined): JudgingBrief {
  if (row === undefined) {
    return noBrief
  }
  return {
    assignment: textOf(row['assignment']),
    rubric: textOf(row['rubric']),
    overrides: llmOverrides.parse(JSON.parse(String(row['overrides']))),
    userId: textOf(row['user_id']),
  }
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null
}

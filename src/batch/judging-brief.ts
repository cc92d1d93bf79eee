import type { BatchContext, LlmOverrides, RequestOptions } from '../machines/batch.machine.ts'
import type { Json, TenantRow } from '../runtime/define-actor.ts'
import { llmOverrides, withoutAbsent } from './request.ts'
import { briefs } from './tables.ts'

/** What a batch tells its judge of every comparison. */
export interface JudgingBrief {
  /** The task the essays answer. */
  readonly assignment: string | null
  /** What a better essay is; an override of the request goes before it. */
  readonly rubric: string | null
  readonly overrides: LlmOverrides
  readonly batchingMode: RequestOptions['batchingMode']
  readonly userId: string | null
}

/** Of a batch that tells nothing. */
export const noBrief: JudgingBrief = Object.freeze({
  assignment: null,
  rubric: null,
  overrides: {},
  batchingMode: 'serial_bundle',
  userId: null,
})

/** The row of a batch's brief, written with its birth; the students' prompt lies among the texts. */
export function briefRow(address: string, { options, userId }: Pick<BatchContext, 'options' | 'userId'>): TenantRow {
  return {
    table: briefs.name,
    key: { address },
    values: {
      prompt_storage_id: options.promptStorageId,
      overrides: JSON.stringify(options.llm),
      batching_mode: options.batchingMode,
      user_id: userId,
    },
  }
}

type StoredRow = Readonly<Record<string, Json>>

/** Where the students' prompt of a stored brief lies, if there is one. */
export function promptStorageIdOf(row: StoredRow | undefined): string | undefined {
  return textOf(row?.['prompt_storage_id']) ?? undefined
}

/**
 * The brief of a stored row.
 * @param prompt the students' prompt; null when there is none, or it could not be fetched
 * @throws ZodError when its overrides are none
 */
export function briefOf(row: StoredRow | undefined, prompt: string | null): JudgingBrief {
  return row === undefined
    ? noBrief
    : {
        ...noBrief,
        assignment: prompt,
        overrides: withoutAbsent(llmOverrides.parse(JSON.parse(String(row['overrides'])))),
        batchingMode: row['batching_mode'] as RequestOptions['batchingMode'],
        userId: textOf(row['user_id']),
      }
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null
}

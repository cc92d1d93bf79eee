import type { BatchContext, LlmOverrides, RequestOptions } from '../machines/batch.machine.ts'
import type { Json, StoredRow, TenantRow } from '../runtime/define-actor.ts'
import { llmOverrides, withoutAbsent } from './request.ts'
import { briefs } from './tables.ts'

/** What a batch tells its judge of every comparison. */
export interface JudgingBrief {
  /** The task the essays answer. */
  readonly assignment: string | null
  /** By what the essays of the assignment are judged. */
  readonly instructions: string | null
  /** What a better essay is; an override of the request goes before it. */
  readonly rubric: string | null
  readonly overrides: LlmOverrides
  readonly batchingMode: RequestOptions['batchingMode']
  readonly userId: string | null
}

/** Of a batch that tells nothing. */
export const noBrief: JudgingBrief = Object.freeze({
  assignment: null,
  instructions: null,
  rubric: null,
  overrides: {},
  batchingMode: 'serial_bundle',
  userId: null,
})

/** The row of a batch's brief, written with its birth and again when its assignment is found; prompt and rubric lie among the texts. */
export function briefRow(address: string, { options, userId }: Pick<BatchContext, 'options' | 'userId'>): TenantRow {
  return {
    table: briefs.name,
    key: { address },
    values: {
      prompt_storage_id: options.promptStorageId,
      overrides: JSON.stringify(options.llm),
      batching_mode: options.batchingMode,
      user_id: userId,
      rubric_storage_id: null,
      instructions: null,
    },
  }
}

/** Where the texts of a stored brief lie, if there are any. */
export function briefTexts(row: StoredRow | undefined): { readonly prompt: string | null; readonly rubric: string | null } {
  return { prompt: textOf(row?.['prompt_storage_id']), rubric: textOf(row?.['rubric_storage_id']) }
}

/**
 * The brief of a stored row.
 * @param texts the students' prompt and the rubric; null where there is none, or it could not be fetched
 * @throws ZodError when its overrides are none
 */
export function briefOf(
  row: StoredRow | undefined,
  texts: { readonly prompt: string | null; readonly rubric: string | null },
): JudgingBrief {
  return row === undefined
    ? noBrief
    : {
        ...noBrief,
        assignment: texts.prompt,
        instructions: textOf(row['instructions']),
        rubric: texts.rubric,
        overrides: withoutAbsent(llmOverrides.parse(JSON.parse(String(row['overrides'])))),
        batchingMode: row['batching_mode'] as RequestOptions['batchingMode'],
        userId: textOf(row['user_id']),
      }
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null
}

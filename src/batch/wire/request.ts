import { z } from 'zod'
import { inboundMessage } from './envelope.ts'
import { timeIn } from './formats.ts'
import { requestMetadata } from './hints.ts'
import { requestedOverrides } from './llm-overrides.ts'
import { eventNames } from './topics.ts'

const spellcheckMetrics = z.object({
  total_corrections: z.number().nullish(),
  l2_dictionary_corrections: z.number().nullish(),
  spellchecker_corrections: z.number().nullish(),
  word_count: z.number().nullish(),
  correction_density: z.number().nullish(),
})

const essayRef = z.object({
  essay_id: z.string().min(1),
  text_storage_id: z.string().min(1),
  spellcheck_metrics: spellcheckMetrics.nullish(),
})

/** SystemProcessingMetadata; the one of outbound events is in completion.ts, exact. */
const systemMetadata = z.object({
  entity_id: z.string(),
  entity_type: z.string(),
  parent_id: z.string().nullish(),
  timestamp: timeIn.nullish(),
  processing_stage: z.enum(['pending', 'initialized', 'processing', 'completed', 'failed', 'cancelled']).nullish(),
  started_at: timeIn.nullish(),
  completed_at: timeIn.nullish(),
  event: z.string().nullish(),
  error_info: z.record(z.string(), z.unknown()).nullish(),
})

/** StorageReferenceMetadata: where a text lies, by its content type. */
const storageReference = z.object({
  references: z.record(z.string(), z.object({ storage_id: z.string(), path: z.string().nullish() })),
})

/** ELS_CJAssessmentRequestV1 (domain 4.3). Further fields are ignored. */
export const requestData = z.object({
  event_name: z.literal(eventNames.request).nullish(),
  entity_id: z.string().min(1).describe('The batch orchestrator’s batch id; the key of the record.'),
  entity_type: z.string().nullish(),
  parent_id: z.string().nullish(),
  timestamp: timeIn.nullish(),
  system_metadata: systemMetadata,
  essays_for_cj: z.array(essayRef).describe('One alone is completed without a comparison; none fails the batch.'),
  language: z.string().min(1),
  course_code: z.enum(['ENG5', 'ENG6', 'ENG7', 'SV1', 'SV2', 'SV3']),
  student_prompt_ref: storageReference.nullish().describe('Used without an assignment only; content type student_prompt_text.'),
  llm_config_overrides: requestedOverrides.nullish(),
  assignment_id: z.string().max(100).nullish(),
  user_id: z.string().min(1),
  org_id: z.string().nullish(),
})

export type RequestData = z.output<typeof requestData>

/** The whole record of the request topic. */
export const requestMessage = inboundMessage(requestData, requestMetadata.nullish())

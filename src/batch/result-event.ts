import { decodeSlots } from '../judging/comparison.ts'
import type { GradeProjection, ProjectedGrade } from '../judging/grading/projection.ts'
import type { BatchContext } from '../machines/batch.machine.ts'
import { anchorGrades } from './anchor-items.ts'
import { header, seconds, type Told } from './event-fields.ts'
import { gradesOf, type Ranked } from './grades.ts'
import type { BatchSettings } from './settings.ts'
import { isoTime } from './wire/formats.ts'
import type { ResourceUseData } from './wire/resource-use.ts'
import type { EssayResult, ResultData } from './wire/result.ts'
import { eventNames, sourceService } from './wire/topics.ts'
import { cjBatchId } from './wire-ids.ts'

/** The rich event: ranking, scores and how far they may be trusted (domain 4.9). */
export function resultData(told: Told, settings: BatchSettings): ResultData {
  const { context, address, at } = told
  const ranking = rankingOf(context)
  const grades = gradesOf(context, ranking)
  const [provider, model] = usedModel(context, settings)
  return {
    ...header(eventNames.result, context.bosBatchId, at),
    batch_id: context.bosBatchId,
    cj_assessment_job_id: cjBatchId(address),
    assignment_id: context.assignmentId,
    assessment_method: 'cj_assessment',
    model_used: model,
    model_provider: provider,
    model_version: null,
    essay_results: essayResults(context, ranking, grades),
    assessment_metadata: metadata(told, grades, settings),
    assessed_at: isoTime(at),
  }
}

/** A batch without scores, e.g. of one essay, ranks its essays alike. */
function rankingOf({ scores, items }: BatchContext): readonly Ranked[] {
  return scores?.ranking ?? items.map((id) => ({ id, rank: 1, score: 0, se: null }))
}

/** Anchors are among them; the consumer leaves them out (domain 4.9). */
function essayResults(context: BatchContext, ranking: readonly Ranked[], { grades }: GradeProjection): EssayResult[] {
  const anchors = anchorGrades(context)
  return ranking.map(({ id, rank, score }, place) => ({
    essay_id: id,
    ...gradeFields(grades[place] as ProjectedGrade),
    bt_score: score,
    rank,
    is_anchor: anchors.has(id),
    feedback_uri: null,
    metrics_uri: null,
    display_name: anchors.has(id) ? `ANCHOR GRADE ${anchors.get(id)}` : null,
  }))
}

function gradeFields({ letter, normalizedScore, confidence }: ProjectedGrade) {
  return {
    normalized_score: normalizedScore,
    letter_grade: letter,
    confidence_score: confidence.score,
    confidence_label: confidence.label,
  }
}

function metadata({ context, at }: Told, grades: GradeProjection, settings: BatchSettings): ResultData['assessment_metadata'] {
  return {
    anchor_essays_used: grades.anchorsUsed,
    calibration_method: grades.method,
    calibration_reason: grades.reason,
    grade_scale: context.assigned?.gradeScale ?? null,
    anchor_grade_distribution: grades.anchorDistribution,
    comparison_count: successes(context),
    processing_duration_seconds: seconds(context, at),
    llm_temperature: context.options.llm.temperature ?? settings.defaultTemperature,
    assignment_id: context.assignmentId,
    course_code: context.courseCode,
    completion_status: context.end?.status ?? null,
    completion_reason: context.end?.reason ?? null,
    reliability: context.scores?.reliability ?? null,
    se_summary: context.scores?.seSummary ?? null,
    position_bias: context.scores?.positionBias ?? null,
  }
}

/** What the batch is billed for: verdicts, not posts (domain 4.9). */
export function resourceUseData({ context, address, at }: Told): ResourceUseData {
  return {
    ...header(eventNames.resource, context.bosBatchId, at),
    user_id: context.userId,
    org_id: context.orgId,
    resource_type: 'cj_comparison',
    quantity: successes(context),
    service_name: sourceService,
    processing_id: cjBatchId(address),
    consumed_at: isoTime(at),
  }
}

/** Items that stand in a comparison with a verdict. */
export function compared(context: BatchContext): ReadonlySet<number> {
  return new Set(decided(context).flatMap(({ a, b }) => [a, b]))
}

function successes(context: BatchContext): number {
  return decided(context).length
}

function decided(context: BatchContext) {
  return decodeSlots(context.slots).filter(({ state }) => state === 'won_a' || state === 'won_b')
}

/** The most frequent (provider, model) among verdicts, else the one the batch would have used. */
function usedModel(context: BatchContext, settings: BatchSettings): readonly [provider: string, model: string] {
  const [most] = Object.entries(context.models).sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1))
  const [provider, ...model] = most?.[0].split(' ') ?? []
  const { llm } = context.options
  return provider === undefined
    ? [llm.provider ?? settings.defaultProvider, llm.model ?? settings.defaultModel]
    : [provider, model.join(' ')]
}

// Examples as the code makes them: a batch of four essays is stepped to its end, another one fails.
import { readFileSync } from 'node:fs'
import { comparisonId } from '../../src/batch/comparison-id.ts'
import { batchAddress } from '../../src/batch/request.ts'
import { StepBatch } from '../../test/support/step-batch.ts'

const batchId = 'b6a7d0f4-3c1e-4a38-9a37-0c1f3a7b7e55'
const born = { at: Date.parse('2026-03-02T08:15:00Z') }
const request = { batchId, correlationId: '3d9a7a0e-9a5f-4f5c-8a53-6f6f7c1c2b10', userId: 'teacher-9' }
const permanent = { error: 'AUTHENTICATION_ERROR' }

function recorded(name: string): Record<string, unknown> & { readonly data: object } {
  return JSON.parse(readFileSync(new URL(`../../test/wire/recorded/${name}.json`, import.meta.url), 'utf8')) as ReturnType<typeof recorded>
}

function callback(name: string): object {
  const envelope = recorded(name)
  const id = comparisonId(batchAddress(batchId), 0, 1)
  return { ...envelope, correlation_id: id, data: { ...envelope.data, correlation_id: id } }
}

/** Whole messages by topic: those of others as recorded, Quire's own as a batch made them. */
export function examples(): ReadonlyMap<string, readonly object[]> {
  const completed = new StepBatch({ ...born, request }).elapse(12_400).answerWave()
  const failed = new StepBatch({ ...born, request }).elapse(12_400).answerWave(permanent)
  const byTopic = new Map<string, object[]>([
    ['huleedu.els.cj_assessment.requested.v1', [recorded('domain-request'), recorded('request-full')]],
    ['huleedu.llm_provider.comparison_result.v1', [callback('domain-callback'), callback('callback-error-rate-limit')]],
  ])
  for (const { output } of [...completed.published, ...failed.published]) {
    byTopic.set(output.target, [...(byTopic.get(output.target) ?? []), JSON.parse(output.payload) as object])
  }
  return byTopic
}

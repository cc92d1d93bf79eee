import type { Judge } from '../../src/index.ts'

export interface JudgeOverHttpOptions {
  /** Base URL; a comparison is posted to `<url>/comparison`. */
  readonly url: string
  readonly callbackTopic: string
}

/**
 * A judge elsewhere: each comparison is posted over HTTP and accepted with 202, and its verdict comes later as a record of the
 * callback topic, joined by the comparison's id. A post that is repeated carries the same id.
 */
export function judgeOverHttp({ url, callbackTopic }: JudgeOverHttpOptions): Judge {
  return {
    concurrency: 16,
    async submit({ id, batchId, attempt, essayA, essayB }, { signal, idempotencyKey }) {
      const body = {
        user_prompt: `Which essay is better?\n\nEssay A:\n${essayA.text}\n\nEssay B:\n${essayB.text}`,
        callback_topic: callbackTopic,
        correlation_id: id,
        llm_config_overrides: { provider_override: 'mock' },
        metadata: {
          essay_a_id: essayA.id,
          essay_b_id: essayB.id,
          bos_batch_id: batchId,
          cj_request_type: attempt === 1 ? 'cj_comparison' : 'cj_retry',
        },
      }
      const headers = { 'content-type': 'application/json', 'idempotency-key': idempotencyKey, 'x-sent-at': String(Date.now()) }
      const response = await fetch(`${url}/comparison`, { method: 'POST', headers, body: JSON.stringify(body), signal })
      const text = await response.text()
      if (response.status !== 202) {
        throw Object.assign(new Error(`the judge answered ${response.status}: ${text.slice(0, 200)}`), { code: 'EXTERNAL_SERVICE_ERROR' })
      }
    },
  }
}

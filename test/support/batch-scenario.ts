import { batchActor } from '../../src/batch/batch.actor.ts'
import type { ComparisonRequest } from '../../src/batch/judge.ts'
import { verdictOf } from '../../src/batch/verdict.ts'
import { batchAddress, batchInput, type BatchRequest } from '../../src/batch/request.ts'
import type { BatchSettings } from '../../src/batch/settings.ts'
import type { BatchProgress } from '../../src/batch/progress.ts'
import type { BatchContext } from '../../src/machines/batch.machine.ts'
import type { TenantRow } from '../../src/runtime/define-actor.ts'
import type { Transition } from '../../src/runtime/watch.ts'
import { createScenario, type Scenario } from '../../src/testing/scenario.ts'

export const address = batchAddress('b')

export interface BatchScenario extends Scenario {
  /** Comparisons the judge accepted, in order. */
  readonly asked: ComparisonRequest[]
  /** What the next posts throw, by code; `undefined` accepts. */
  postError: string | undefined
  /** Hands in the data of a callback for a comparison; the lower essay id wins unless told otherwise. */
  answer(comparison: ComparisonRequest, data?: object, messageId?: string): Promise<void>
  /** Answers everything that is asked, wave after wave, until nothing is asked any more. */
  answerAll(data?: (comparison: ComparisonRequest) => object): Promise<void>
  send(type: string): Promise<void>
  state(): string
  progress(): BatchProgress
  context(): BatchContext
  journal(): Promise<readonly Transition[]>
  topics(): string[]
}

export interface BatchScenarioOptions {
  readonly essays?: number
  readonly request?: Partial<BatchRequest>
  readonly settings?: Partial<BatchSettings>
  /** Texts by storage id; a missing one does not exist, an Error is thrown. */
  readonly texts?: Readonly<Record<string, string | Error>>
  readonly monitorIntervalMs?: number
  /** What stands in the tables before the batch is asked for. */
  readonly rows?: readonly TenantRow[]
}

/** A batch with a judge that answers when the test says so. */
export async function batchScenario(options: BatchScenarioOptions = {}): Promise<BatchScenario> {
  const asked: ComparisonRequest[] = []
  const control: { postError: string | undefined } = { postError: undefined }
  const essays = Array.from({ length: options.essays ?? 4 }, (_, index) => ({ id: `e${index}`, storageId: `t${index}` }))
  const actor = batchActor({
    settings: options.settings ?? {},
    judge: {
      concurrency: 1_000,
      async submit(comparison) {
        if (control.postError !== undefined) {
          throw Object.assign(new Error('the post failed'), { code: control.postError })
        }
        asked.push(comparison)
      },
    },
    content: { fetch: async (storageId) => textOf(options.texts, storageId) },
  })
  const scenario = await createScenario({ actors: { batch: actor }, monitorIntervalMs: options.monitorIntervalMs ?? 0 })
  await scenario.runtime().rows.change({ write: options.rows ?? [] })
  await scenario
    .runtime()
    .create(address, batchInput({ batchId: 'b', userId: 'u', essays, ...options.request }, options.settings), { id: 'create' })
  await scenario.advance(50)
  const full = Object.assign(scenario, answering(scenario, asked), { asked })
  Object.defineProperty(full, 'postError', {
    get: () => control.postError,
    set(code: string | undefined) {
      control.postError = code
    },
  })
  return full as BatchScenario
}

function textOf(texts: BatchScenarioOptions['texts'], storageId: string): string {
  const text = texts === undefined ? `text ${storageId}` : texts[storageId]
  if (text instanceof Error) {
    throw text
  }
  if (text === undefined) {
    throw Object.assign(new Error(`${storageId} does not exist`), { code: 'RESOURCE_NOT_FOUND' })
  }
  return text
}

export function good(comparison: ComparisonRequest): object {
  const winner = comparison.essayA.id < comparison.essayB.id ? 'Essay A' : 'Essay B'
  return { winner, justification: 'clearer', confidence: 4, provider: 'mock', model: 'm' }
}

export function failure(code: string): object {
  return { error_detail: { error_code: code, message: 'no' }, provider: 'mock', model: 'unknown' }
}

function answering(scenario: Scenario, asked: ComparisonRequest[]) {
  let sent = 0
  const answer = async (
    comparison: ComparisonRequest,
    data: object = good(comparison),
    messageId = `${comparison.id}/${++sent}`,
  ): Promise<void> => {
    const decoded = verdictOf({ ...data, correlation_id: comparison.id })
    if ('problem' in decoded) {
      throw new Error(decoded.problem)
    }
    await scenario.runtime().send(address, decoded.event, { id: messageId })
    await scenario.advance(50)
  }
  const row = () => {
    const stored = scenario.database.actors.get(address)
    if (stored === undefined) {
      throw new Error('the batch was not born')
    }
    return stored
  }
  return {
    answer,
    async answerAll(data: (comparison: ComparisonRequest) => object = good) {
      for (let next = 0; next < asked.length; next++) {
        await answer(asked[next] as ComparisonRequest, data(asked[next] as ComparisonRequest))
        if (next === asked.length - 1) {
          await scenario.advance(100_000)
        }
      }
    },
    async send(type: string) {
      await scenario.runtime().send(address, { type }, { id: `${type}-${++sent}` })
      await scenario.advance(50)
    },
    state: () => row().state,
    progress: () => JSON.parse(row().progress ?? 'null') as BatchProgress,
    context: () => (JSON.parse(row().snapshot) as { readonly context: BatchContext }).context,
    journal: () => scenario.runtime().journal(address),
    topics: () => [...new Set(scenario.published.map((event) => event.topic.split('.').slice(1, 3).join('.')))],
  }
}

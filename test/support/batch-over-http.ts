import { batchActor } from '../../src/batch/batch.actor.ts'
import type { BatchProgress } from '../../src/batch/progress.ts'
import { batchAddress, batchInput, type BatchRequest } from '../../src/batch/request.ts'
import { batchSettings, type BatchSettings } from '../../src/batch/settings.ts'
import { contentService } from '../../src/batch/tasks/content-service.ts'
import { providerJudge } from '../../src/batch/tasks/provider-judge.ts'
import { verdictOf } from '../../src/batch/verdict.ts'
import { type ProviderRequest, providerRequest } from '../../src/batch/wire/provider-request.ts'
import { createQuire, type Quire } from '../../src/quire.ts'
import type { OutboundEvent } from '../../src/runtime/local-publisher.ts'
import { silentLogger, systemClock } from '../../src/runtime/system.ts'
import { seededRandom } from '../../src/testing/seeded.ts'
import { type LoopbackServer, loopbackServer, type Received, type Reply } from './loopback-server.ts'

export const address = batchAddress('b')

/** Body of the 202 that accepts a post. */
export const queued = { queue_id: '5d3c0a52-3a51-4b2c-8f6f-6a0e3f5a7c10', status: 'queued', message: 'ok', estimated_wait_minutes: null }

/** A batch of four essays between a content service and a provider that answers by its mailbox, the lower essay id winning. */
export interface BatchOverHttp extends AsyncDisposable {
  readonly texts: LoopbackServer
  readonly provider: LoopbackServer
  readonly quire: Quire
  /** What it told the world. */
  readonly events: OutboundEvent[]
  create(request?: Partial<BatchRequest>): Promise<unknown>
  progress(): Promise<BatchProgress>
  tasks(): Promise<Awaited<ReturnType<Quire['inspect']>>['tasks']>
  /** Hands in the verdict of a post. */
  sendVerdict(post: Received): Promise<void>
}

export interface HttpOptions {
  readonly settings?: Partial<BatchSettings>
  readonly texts?: LoopbackServer['reply']
  /** Of one fetch, ms. */
  readonly fetchTimeoutMs?: number
}

export async function batchOverHttp({ settings, texts, fetchTimeoutMs }: HttpOptions = {}): Promise<BatchOverHttp> {
  const given = { ...batchSettings, ...settings }
  const ports = {
    clock: systemClock,
    random: seededRandom('world'),
    logger: silentLogger,
    settings: given,
    backOff: { firstMs: 10, maxMs: 40 },
  }
  const content = await loopbackServer(texts ?? (() => ({ status: 200, body: 'A text.' })))
  const provider = await loopbackServer(() => 'silence')
  const judge = providerJudge({ ...ports, url: `${provider.url}/api/v1`, callbackTopic: 'callbacks.v1' })
  const service = contentService({
    ...ports,
    url: `${content.url}/content`,
    ...(fetchTimeoutMs === undefined ? {} : { timeoutMs: fetchTimeoutMs }),
  })
  const events: OutboundEvent[] = []
  const quire = await createQuire({
    database: 'memory:',
    partitions: 4,
    actors: { batch: batchActor({ judge, content: service, settings: given }) },
    onEvent: (event) => void events.push(event),
  })
  const sendVerdict = (post: Received): Promise<void> => verdictFor(quire, providerRequest.parse(JSON.parse(post.body)))
  provider.reply = (request) => accepted(request, sendVerdict)
  await quire.start()
  return {
    texts: content,
    provider,
    quire,
    events,
    sendVerdict,
    create(request = {}) {
      const essays = ['e0', 'e1', 'e2', 'e3'].map((id) => ({ id, storageId: `store/${id}` }))
      return quire.create(address, batchInput({ batchId: 'b', userId: 'u', essays, ...request }, settings), { id: 'create' })
    },
    progress: async () => (await quire.inspect(address)).progress as BatchProgress,
    tasks: async () => (await quire.inspect(address)).tasks,
    async [Symbol.asyncDispose]() {
      await quire[Symbol.asyncDispose]()
      await Promise.all([content[Symbol.asyncDispose](), provider[Symbol.asyncDispose]()])
    },
  }
}

/** A post is accepted, and its verdict comes at once. */
export function accepted(request: Received, sendVerdict: BatchOverHttp['sendVerdict']): Reply {
  if (request.method === 'POST') {
    void sendVerdict(request)
  }
  return { status: 202, body: queued }
}

async function verdictFor(quire: Quire, { correlation_id, metadata }: ProviderRequest): Promise<void> {
  const winner = metadata.essay_a_id < metadata.essay_b_id ? 'Essay A' : 'Essay B'
  const data = { correlation_id, winner, justification: 'better', confidence: 4, provider: 'mock', model: 'm', request_metadata: metadata }
  const decoded = verdictOf(data)
  if ('problem' in decoded) {
    throw new Error(decoded.problem)
  }
  await quire.send(address, decoded.event, { id: correlation_id })
}

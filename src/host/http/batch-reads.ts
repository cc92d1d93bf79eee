import { z } from 'zod'
import type { BatchProgress } from '../../batch/progress.ts'
import { batchAddress } from '../../batch/request.ts'
import { cjBatchId } from '../../batch/wire-ids.ts'
import type { Explanation } from '../../runtime/explain.ts'
import { addressIn, type Api, type ApiParts, batchParams, errorAnswers, whileUp } from './api.ts'
import { batchItem, isoTime, itemOf } from './batch-view.ts'
import { batchStates } from '../batch-states.ts'
import { parameters } from './parameters.ts'
import { resultRoute } from './result-route.ts'

const listQuery = parameters({
  state: z.enum(batchStates).optional().describe('Only this state.'),
  run: z.enum(['active', 'done', 'error']).optional().describe('Only those that go on, are done, or are broken.'),
  olderThanSeconds: z.coerce.number().int().min(0).optional().describe('Only those born longer ago.'),
  stuck: z.enum(['true', 'false']).optional().describe('true: only those without a next cause; in health there are none.'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().max(512).optional().describe('`next` of the page before.'),
})
type ListQuery = z.output<typeof listQuery>

const page = z.object({ items: z.array(batchItem), next: z.string().nullable().describe('Give it as `after`; null: no more.') })

const decided = z.looseObject({})
const detail = batchItem.extend({
  cjBatchId: z.string(),
  runStatus: z.string(),
  updatedAt: z.iso.datetime(),
  pausedBy: z.object({ by: z.string(), reason: z.string().nullable() }).nullable(),
  end: decided.nullable().describe('How it ended, and by what.'),
  why: z.object({
    waitsFor: z.string(),
    next: z.array(z.object({ what: z.string(), at: z.iso.datetime(), note: z.string().optional() })),
    numbers: decided.nullable().describe('Of the last decision.'),
    heldMessages: z.int(),
  }),
})

const journalQuery = parameters({
  after: z.coerce.number().int().min(-1).default(-1).describe('`next` of the page before.'),
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
})

const journalPage = z.object({ batch: z.string(), entries: z.array(z.looseObject({ at: z.iso.datetime() })), next: z.int().nullable() })

/** What is stored of batches. */
export function batchReads(app: Api, parts: ApiParts): void {
  const tags = ['batches']
  app.get(
    '/v1/batches',
    { schema: { tags, summary: 'Batches, in order of their ids', querystring: listQuery, response: { ...errorAnswers, 200: page } } },
    ({ query }) => whileUp(parts, () => (query.stuck === 'true' ? listStuck(query, parts) : list(query, parts))),
  )
  app.get(
    '/v1/batches/:batch',
    { schema: { tags, summary: 'One batch, and why it waits', params: batchParams, response: { ...errorAnswers, 200: detail } } },
    async ({ params }) => detailOf(await whileUp(parts, () => parts.quire.inspect(addressIn(params)))),
  )
  app.get(
    '/v1/batches/:batch/journal',
    {
      schema: {
        tags,
        summary: 'Everything that happened to it, with the numbers of its decisions',
        params: batchParams,
        querystring: journalQuery,
        response: { ...errorAnswers, 200: journalPage },
      },
    },
    ({ params, query }) => whileUp(parts, () => journal(params.batch, addressIn(params), query, parts)),
  )
  resultRoute(app, parts)
}

async function list({ state, run, olderThanSeconds, limit, after }: ListQuery, { quire, clock }: ApiParts) {
  const actors = await quire.actors({
    type: 'batch',
    limit: limit + 1,
    ...(state === undefined ? {} : { state }),
    ...(run === undefined ? {} : { runStatus: run }),
    ...(olderThanSeconds === undefined ? {} : { createdBefore: clock.now() - olderThanSeconds * 1_000 }),
    ...(after === undefined ? {} : { after: batchAddress(after) }),
  })
  const items = actors.slice(0, limit).map((actor) => itemOf(actor, JSON.parse(actor.progress ?? 'null') as BatchProgress))
  return { items, next: actors.length > limit ? (items.at(-1)?.batch ?? null) : null }
}

/** Those the monitor would wake; the other filters narrow them. */
async function listStuck({ state, run, olderThanSeconds, limit, after }: ListQuery, { quire, clock }: ApiParts) {
  const found = (await quire.stuck(10_000))
    .map(({ address }) => address)
    .filter((address) => address.startsWith('batch/') && (after === undefined || address > batchAddress(after)))
  const explained = await Promise.all(found.slice(0, limit).map((address) => quire.inspect(address)))
  const bornBefore = olderThanSeconds === undefined ? Number.POSITIVE_INFINITY : clock.now() - olderThanSeconds * 1_000
  const asked = explained.filter(
    (each) => (state ?? each.state) === each.state && (run ?? each.runStatus) === each.runStatus && each.createdAt < bornBefore,
  )
  const last = found.slice(0, limit).at(-1)
  return {
    items: asked.map((each) => itemOf(each, each.progress as BatchProgress)),
    next: found.length > limit && last !== undefined ? last.slice('batch/'.length) : null,
  }
}

function detailOf(found: Explanation) {
  const progress = found.progress as BatchProgress
  return {
    ...itemOf(found, progress),
    cjBatchId: cjBatchId(found.address),
    runStatus: found.runStatus,
    updatedAt: isoTime(found.updatedAt),
    pausedBy: progress.pausedBy ?? null,
    end: progress.end,
    why: {
      waitsFor: found.waitsFor,
      next: found.next.map((each) => ({ ...each, at: isoTime(each.at) })),
      numbers: found.numbers as Record<string, unknown> | null,
      heldMessages: found.heldMessages,
    },
  }
}

async function journal(batch: string, address: string, { after, limit }: z.output<typeof journalQuery>, { quire }: ApiParts) {
  const entries = await quire.journal(address, { after, limit: limit + 1 })
  if (entries.length === 0) {
    // Nothing above the cursor, or no such batch: then this throws.
    await quire.inspect(address)
  }
  const shown = entries.slice(0, limit)
  return {
    batch,
    entries: shown.map((entry) => ({ ...entry, at: isoTime(entry.at) })),
    next: entries.length > limit ? (shown.at(-1)?.position.entry ?? null) : null,
  }
}

import { z } from 'zod'
import { batchAddress } from '../../batch/request.ts'
import type { StoredDeadLetter } from '../../runtime/ports.ts'
import { batchOf } from '../batch-ids.ts'
import { order } from './order.ts'
import { parameters } from './parameters.ts'
import { type Api, type ApiParts, cursorOf, errorAnswers, fromCursor, whileUp } from './api.ts'
import { ApiError } from './api-error.ts'
import { isoTime } from './batch-view.ts'

const tags = ['dead letters']

const item = z.object({
  id: z.string(),
  address: z.string(),
  batch: z.string().nullable(),
  messageId: z.string(),
  kind: z.string(),
  cause: z.string().describe('A stable code.'),
  message: z.string().describe('One sentence.'),
  at: z.iso.datetime(),
  replayed: z.boolean(),
})

const listQuery = parameters({
  batch: z.string().max(512).optional().describe('Only those of this batch.'),
  replayed: z.enum(['true', 'false', 'all']).default('false').describe('Those that were replayed stay stored.'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().max(2_048).optional().describe('`next` of the page before.'),
})

const position = z.object({ at: z.int(), id: z.string() })
const params = z.object({ id: z.string().min(1).max(1_024) })
const replayed = z.object({ id: z.string(), position: z.object({ partition: z.int(), offset: z.int() }).nullable() })

/** Messages that could not be handled: to look at, to send again, to give up. */
export function deadLetters(app: Api, parts: ApiParts): void {
  app.get(
    '/v1/dead-letters',
    {
      schema: {
        tags,
        summary: 'Oldest first',
        querystring: listQuery,
        response: { ...errorAnswers, 200: z.object({ items: z.array(item), next: z.string().nullable() }) },
      },
    },
    ({ query }) => whileUp(parts, () => list(query, parts)),
  )
  app.get(
    '/v1/dead-letters/:id',
    {
      schema: {
        tags,
        summary: 'One, with the message as it came',
        params,
        response: { ...errorAnswers, 200: item.extend({ body: z.string() }) },
      },
    },
    async (request) => {
      const letter = await whileUp(parts, () => letterOf(request.params.id, parts))
      return { ...itemOf(letter), body: letter.body }
    },
  )
  letterActs(app, parts)
}

function letterActs(app: Api, parts: ApiParts): void {
  app.post(
    '/v1/dead-letters/:id/replay',
    {
      schema: { tags, summary: 'Send it again as a message of its own', params, body: order, response: { ...errorAnswers, 202: replayed } },
    },
    async (request, reply) => {
      const { id } = request.params
      const letter = await whileUp(parts, () => letterOf(id, parts))
      const where = await whileUp(parts, () => parts.quire.replay(id, whoActs(request)))
      parts.log.info({ address: letter.address, deadLetter: id, by: request.actor }, 'a dead letter was replayed')
      return reply.code(202).send({ id, position: where === null ? null : { partition: where.partition, offset: where.offset } })
    },
  )
  app.post(
    '/v1/dead-letters/:id/discard',
    {
      schema: {
        tags,
        summary: 'Delete it for good',
        params,
        body: order,
        response: { ...errorAnswers, 200: z.object({ id: z.string() }) },
      },
    },
    async (request) => {
      const { id } = request.params
      const { address, cause } = await whileUp(parts, () => letterOf(id, parts))
      await whileUp(parts, () => parts.quire.discard(id, whoActs(request)))
      parts.log.warn({ address, deadLetter: id, cause, by: request.actor }, 'a dead letter was discarded')
      return { id }
    },
  )
}

/** Kept in the journal. */
function whoActs({ actor, body }: { readonly actor: string; readonly body: z.output<typeof order> }) {
  return { by: actor, ...(body?.reason === undefined ? {} : { reason: body.reason }) }
}

async function list({ batch, replayed: which, limit, after }: z.output<typeof listQuery>, { quire }: ApiParts) {
  const from = fromCursor(after, position)
  const letters = await quire.deadLetters({
    limit: limit + 1,
    ...(batch === undefined ? {} : { address: batchAddress(batch) }),
    ...(which === 'all' ? {} : { replayed: which === 'true' }),
    ...(from === undefined ? {} : { after: from }),
  })
  const shown = letters.slice(0, limit)
  const last = shown.at(-1)
  return { items: shown.map(itemOf), next: letters.length > limit && last !== undefined ? cursorOf({ at: last.at, id: last.id }) : null }
}

async function letterOf(id: string, { quire }: ApiParts): Promise<StoredDeadLetter> {
  const [letter] = id.includes('\u0000') ? [] : await quire.deadLetters({ id, limit: 1 })
  if (letter === undefined) {
    throw new ApiError(404, 'dead-letter-unknown', `there is no dead letter '${id.slice(0, 200)}'; GET /v1/dead-letters lists them`)
  }
  return letter
}

function itemOf({ id, address, messageId, kind, cause, message, at, replayed: isReplayed }: StoredDeadLetter) {
  return { id, address, batch: batchOf(address) ?? null, messageId, kind, cause, message, at: isoTime(at), replayed: isReplayed }
}

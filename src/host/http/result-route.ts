import { z } from 'zod'
import { addressIn, type Api, type ApiParts, batchParams, errorAnswers, whileUp } from './api.ts'
import { ApiError } from './api-error.ts'
import { batchResult, type BatchResult, noRanking } from '../batch-result.ts'
import { parameters } from './parameters.ts'
import { rankingCsv } from '../ranking-csv.ts'

const result = z.object({
  batch: z.string(),
  status: z.string(),
  end: z.looseObject({}).nullable(),
  scores: z
    .looseObject({})
    .nullable()
    .describe('Ranking (with grades where anchors allow them), reliability and flags; null while it goes on, and of a batch that failed.'),
  events: z.array(z.looseObject({})).describe('What it told the outside, delivered or not.'),
})

/** The result: JSON, or the ranking as CSV where the caller asks for text/csv. */
export function resultRoute(app: Api, parts: ApiParts): void {
  app.get(
    '/v1/batches/:batch/result',
    {
      schema: {
        tags: ['batches'],
        summary: 'Ranking, scores and outbound events; with Accept: text/csv the ranking alone',
        params: batchParams,
        querystring: parameters({}),
        produces: ['application/json', 'text/csv'],
        response: { ...errorAnswers, 200: z.union([result, z.string()]) },
      },
    },
    async ({ params, headers }, reply) => {
      const found = await whileUp(parts, () => resultOf(params.batch, addressIn(params), parts))
      reply.header('vary', 'Accept')
      return wantsCsv(headers.accept) ? reply.type('text/csv; charset=utf-8').send(csvOf(found)) : found
    },
  )
}

async function resultOf(batch: string, address: string, { quire }: ApiParts) {
  const found = await batchResult(batch, address, quire)
  return { ...found, events: found.events.map((event) => ({ ...event })) }
}

function csvOf(found: BatchResult): string {
  if (found.scores === null) {
    throw new ApiError(409, 'no-ranking', noRanking(found))
  }
  return rankingCsv(found.scores.ranking)
}

/** Text for a table is asked for by name alone; a browser's list with a wildcard gets JSON. */
function wantsCsv(accept = ''): boolean {
  const names = accept.split(',').map((each) => each.split(';')[0]?.trim().toLowerCase())
  const csv = names.indexOf('text/csv')
  const json = names.indexOf('application/json')
  return csv >= 0 && (json < 0 || csv < json)
}

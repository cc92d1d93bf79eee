import { z } from 'zod'
import { forgetBatch } from '../forget-batch.ts'
import { addressIn, type Api, type ApiParts, batchParams, errorAnswers, whileUp } from './api.ts'
import { idempotencyKey } from './idempotency-key.ts'

const order = z
  .object({
    reason: z.string().min(1).max(500).optional(),
    running: z.boolean().default(false).describe('Also a batch that goes on; the platform is not told of its end.'),
  })
  .nullish()

const forgotten = z.object({
  batch: z.string(),
  archive: z
    .object({ name: z.string(), deleted: z.boolean() })
    .nullable()
    .describe('Of a batch that was archived; not deleted where the service has no QUIRE_ARCHIVE_DIR.'),
})

/** Erasure. What the platform's topics and backups hold is out of its reach. */
export function forgetRoute(app: Api, parts: ApiParts): void {
  app.post(
    '/v1/batches/:batch/forget',
    {
      schema: {
        tags: ['operator'],
        summary: 'Erase everything stored of it; a tombstone stays, so that late verdicts and requests do not revive it',
        params: batchParams,
        body: order,
        response: { ...errorAnswers, 200: forgotten },
      },
    },
    async (request) => {
      const address = addressIn(request.params)
      const { reason, running = false } = request.body ?? {}
      const id = `forget-${idempotencyKey(request) ?? parts.ids.next()}`
      const by = request.actor
      const { batch } = request.params
      const given = { batch, by, id, running, ...(reason === undefined ? {} : { reason }) }
      const done = await whileUp(parts, () => forgetBatch(parts.stored, given))
      parts.log.info({ address, by }, 'a batch was forgotten')
      return done
    },
  )
}

import { z } from 'zod'
import { operate, operatorActs } from '../operator.ts'
import { addressIn, type Api, type ApiParts, batchParams, errorAnswers, whileUp } from './api.ts'
import { idempotencyKey } from './idempotency-key.ts'
import { order } from './order.ts'

const acted = z.object({ batch: z.string(), state: z.string(), status: z.string(), paused: z.boolean() })

const summaries = {
  cancel: 'End it as CANCELLED',
  force: 'Finish it with what it has; 409 with the numbers below 80 % settled or the success rate',
  pause: 'Count outcomes, but submit and decide nothing',
  resume: 'Go on after a pause',
} as const

/** What an operator may do. Who did it (X-Quire-Actor, else the token's name) stands in the journal. */
export function batchActs(app: Api, parts: ApiParts): void {
  for (const act of operatorActs) {
    app.post(
      `/v1/batches/:batch/${act}`,
      {
        schema: {
          tags: ['operator'],
          summary: summaries[act],
          params: batchParams,
          body: order,
          response: { ...errorAnswers, 200: acted },
        },
      },
      async (request) => {
        const address = addressIn(request.params)
        const { batch } = request.params
        const key = idempotencyKey(request)
        const { reason } = request.body ?? {}
        const by = request.actor
        const order = { batch, act, by, id: `operator-${key ?? parts.ids.next()}`, isNamed: key !== undefined }
        const done = await whileUp(parts, () => operate(parts.stored, { ...order, ...(reason === undefined ? {} : { reason }) }))
        parts.log.info({ address, act, by }, `${act} by an operator`)
        return done
      },
    )
  }
}

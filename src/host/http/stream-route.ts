import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { batchAddress } from '../../batch/request.ts'
import type { Transition } from '../../runtime/watch.ts'
import { batchOf } from '../batch-ids.ts'
import { type Api, type ApiParts, errorAnswers, whileUp } from './api.ts'
import { ApiError, unavailable } from './api-error.ts'
import { isoTime } from './batch-view.ts'
import { EventStream } from './event-stream.ts'
import { parameters } from './parameters.ts'
import { StreamPosition } from './stream-position.ts'

const query = parameters({
  batch: z.string().min(1).max(512).optional().describe('Only this batch.'),
  after: z.string().max(8_192).optional().describe('As Last-Event-ID, for readers that cannot send it.'),
})

/** Committed transitions as server-sent events, read from the journal at the pace of the reader (rules 49). */
export function streamRoute(app: Api, parts: ApiParts): void {
  const open = new Set<EventStream>()
  app.get(
    '/v1/stream',
    {
      schema: {
        tags: ['stream'],
        summary: 'Committed transitions as server-sent events; goes on after Last-Event-ID',
        querystring: query,
        produces: ['application/json', 'text/event-stream'],
        response: {
          ...errorAnswers,
          200: z.string().describe('Events `ready`, then `transition`, until the reader leaves; their ids resume.'),
        },
      },
    },
    async (request, reply) => {
      if (open.size >= parts.mostStreams) {
        throw unavailable(`${open.size} streams are open; QUIRE_HTTP_STREAMS allows no more`)
      }
      const from = await positionOf(request.headers['last-event-id'] ?? request.query.after, parts)
      const stream = streamTo(reply, parts)
      open.add(stream)
      try {
        await follow(request.query.batch, from, stream, parts)
      } catch (error) {
        parts.log.warn({ error, requestId: request.id }, 'a stream broke off; its reader may go on after the last id')
      } finally {
        stream.close()
        open.delete(stream)
      }
    },
  )
}

async function positionOf(given: string | string[] | undefined, parts: ApiParts): Promise<StreamPosition> {
  if (given === undefined) {
    return new StreamPosition(await whileUp(parts, () => parts.quire.journalEnds()))
  }
  const position = typeof given === 'string' ? StreamPosition.parse(given) : undefined
  if (position === undefined) {
    throw new ApiError(400, 'invalid-request', 'Last-Event-ID: is no id of this stream; leave it out to begin now', 'Last-Event-ID')
  }
  return position
}

/** Takes the connection over; the headers set so far go with it. */
function streamTo(reply: FastifyReply, { clock, stopping }: ApiParts): EventStream {
  reply.hijack()
  const headers = { ...reply.getHeaders(), 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' }
  reply.raw.writeHead(200, headers as Record<string, string>)
  return new EventStream(reply.raw, clock, stopping)
}

async function follow(batch: string | undefined, from: StreamPosition, stream: EventStream, { quire }: ApiParts): Promise<void> {
  await stream.write(`retry: 2000\nid: ${from.toString()}\nevent: ready\ndata: {}\n\n`)
  const pattern = batch === undefined ? 'batch/*' : batchAddress(batch)
  for await (const transition of quire.watch(pattern, { after: from.positions(), signal: stream.closed })) {
    from.advance(transition.position)
    await stream.write(`id: ${from.toString()}\nevent: transition\ndata: ${JSON.stringify(shown(transition))}\n\n`)
    if (stream.closed.aborted) {
      return
    }
  }
}

/** The birth carries the whole request: it stands in the journal. */
function shown({ address, seq, kind, at, event, state, transitions, notes, ignored }: Transition) {
  const told = kind === 'create' ? { type: 'create' } : event
  return { batch: batchOf(address), seq, kind, at: isoTime(at), event: told, state, transitions, notes, ignored }
}

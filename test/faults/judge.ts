import { createHash, randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Producer } from 'kafkajs'
import { kafkaClient } from '../support/kafka/client.ts'
import { callbackEnvelope } from '../support/kafka/platform.ts'

/**
 * The provider, a process of its own: takes posts over HTTP, answers 202, and produces the verdicts later: out of order, some twice,
 * some again under another id, some with the other winner afterwards, some too late. It notes what it was asked and what the
 * broker has acknowledged. It also serves the essays.
 */
const { values } = parseArgs({
  options: {
    brokers: { type: 'string', default: '' },
    port: { type: 'string', default: '0' },
    log: { type: 'string', default: '' },
    /** A verdict that is too late comes after this time. */
    lateMs: { type: 'string', default: '12000' },
  },
})

interface Post {
  readonly correlation_id: string
  readonly callback_topic: string
  readonly metadata: { readonly essay_a_id: string; readonly essay_b_id: string }
}

interface Due {
  readonly at: number
  readonly topic: string
  readonly comparison: string
  readonly envelope: { readonly event_id: string }
}

let due: Due[] = []

createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(`This is the text ${request.url?.split('/').at(-1)}.`)
    return
  }
  void textOf(request).then((text) => {
    accept(JSON.parse(text) as Post, Number(request.headers['x-sent-at']))
    response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ queue_id: randomUUID(), status: 'queued' }))
  })
}).listen(Number(values.port), '127.0.0.1')

function accept({ correlation_id: comparison, callback_topic: topic, metadata }: Post, sentAt: number): void {
  note({ kind: 'asked', comparison, sentAt })
  const [chance = 0, spread = 0] = createHash('sha256').update(comparison).digest()
  const verdict = { id: comparison, essayA: metadata.essay_a_id, essayB: metadata.essay_b_id }
  const say = (envelope: object, afterMs: number): void => {
    due.push({ at: Date.now() + afterMs, topic, comparison, envelope: envelope as Due['envelope'] })
  }
  const first = callbackEnvelope(verdict)
  const afterMs = chance < 3 ? Number(values.lateMs) : 20 + 3 * spread
  say(first, afterMs)
  if (chance % 8 === 1) {
    say(first, afterMs + spread)
  } else if (chance % 8 === 2) {
    say(callbackEnvelope(verdict), afterMs + 2 * spread)
  } else if (chance % 32 === 3) {
    say(callbackEnvelope({ ...verdict, essayA: verdict.essayB, essayB: verdict.essayA }), afterMs + 400)
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) {
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function note(line: object): void {
  appendFileSync(values.log, `${JSON.stringify(line)}\n`)
}

let producer: Producer | undefined

/** Until the broker has acknowledged them; a producer that met a failure is replaced. */
async function produce(ready: readonly Due[]): Promise<void> {
  const client = kafkaClient(values.brokers.split(','), { requestTimeout: 5_000, connectionTimeout: 2_000, retry: { retries: 0 } })
  producer ??= client.producer({ allowAutoTopicCreation: false })
  try {
    await producer.connect()
    await producer.sendBatch({
      topicMessages: [...new Set(ready.map(({ topic }) => topic))].map((topic) => ({
        topic,
        messages: ready.filter((each) => each.topic === topic).map(({ envelope }) => ({ value: JSON.stringify(envelope) })),
      })),
    })
  } catch (error) {
    void producer.disconnect().catch(() => undefined)
    producer = undefined
    throw error
  }
}

for (;;) {
  const now = Date.now()
  const ready = due.filter(({ at }) => at <= now)
  due = due.filter(({ at }) => at > now)
  try {
    await (ready.length === 0 ? pause(10) : produce(ready))
    for (const { comparison, envelope } of ready) {
      note({ kind: 'produced', comparison, eventId: envelope.event_id })
    }
  } catch {
    due = [...ready, ...due]
    await pause(250)
  }
}

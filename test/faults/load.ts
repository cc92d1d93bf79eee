import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Producer } from 'kafkajs'
import { kafkaClient } from '../support/kafka/client.ts'
import { requestEnvelope } from '../support/kafka/platform.ts'

/** What the broker has acknowledged. */
export interface Accepted {
  /** Batch ids. */
  readonly batches: Set<string>
  /** Ids of request records, repeated ones too. */
  readonly requests: Set<string>
  /** Texts of records that are no JSON. */
  readonly spoilt: Set<string>
}

export interface Load {
  readonly accepted: Accepted
  /** Stops making new batches; resolves when all that were made are acknowledged. */
  stop(): Promise<void>
}

export interface LoadOptions {
  readonly brokers: readonly string[]
  readonly topic: string
  /** Batches. */
  readonly perSecond: number
}

interface Planned {
  readonly batch: string | undefined
  readonly request: string | undefined
  readonly key: string
  readonly value: string
}

const essays = 4

/** A steady stream of requests; some come twice, some again under another id, some are no JSON. */
export function startLoad({ brokers, topic, perSecond }: LoadOptions): Load {
  const accepted: Accepted = { batches: new Set(), requests: new Set(), spoilt: new Set() }
  let waiting: Planned[] = []
  let count = 0
  let stopped = false
  let producer: Producer | undefined

  function plan(): void {
    count += 1
    const batch = `b${count}-${randomUUID().slice(0, 8)}`
    const envelope = requestEnvelope(batch, essays) as { readonly event_id: string }
    const planned = (sent: { readonly event_id: string }): Planned => ({
      batch,
      request: sent.event_id,
      key: batch,
      value: JSON.stringify(sent),
    })
    waiting.push(planned(envelope))
    if (count % 10 === 3) {
      waiting.push(planned(envelope))
    } else if (count % 10 === 6) {
      waiting.push(planned({ ...envelope, event_id: randomUUID() }))
    } else if (count % 20 === 9) {
      waiting.push({ batch: undefined, request: undefined, key: batch, value: `no JSON ${randomUUID()}` })
    }
  }

  async function send(records: readonly Planned[]): Promise<void> {
    producer ??= kafkaClient(brokers, { requestTimeout: 5_000, connectionTimeout: 2_000, retry: { retries: 0 } }).producer()
    try {
      await producer.connect()
      await producer.send({ topic, messages: records.map(({ key, value }) => ({ key, value })) })
    } catch (error) {
      void producer.disconnect().catch(() => undefined)
      producer = undefined
      throw error
    }
  }

  /** Record by record what was acknowledged; what was not is sent again. */
  async function sendWaiting(): Promise<void> {
    const records = waiting
    waiting = []
    try {
      await send(records)
      for (const { batch, request, value } of records) {
        batch === undefined ? accepted.spoilt.add(value) : accepted.batches.add(batch)
        request !== undefined && accepted.requests.add(request)
      }
    } catch {
      waiting = [...records, ...waiting]
      await pause(250)
    }
  }

  const planning = setInterval(() => !stopped && plan(), 1_000 / perSecond)
  const sending = (async () => {
    while (!stopped || waiting.length > 0) {
      await (waiting.length > 0 ? sendWaiting() : pause(10))
    }
    await producer?.disconnect().catch(() => undefined)
  })()
  return {
    accepted,
    async stop() {
      stopped = true
      clearInterval(planning)
      await sending
    },
  }
}

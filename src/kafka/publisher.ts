import { messageOf } from '../runtime/errors.ts'
import type { Published, Publisher } from '../runtime/ports.ts'
import type { OutboxRow } from '../runtime/turn-rows.ts'
import type { KafkaClient, NewRecord } from './client.ts'
import { brokerFailure, isUnknownTopic, refusalOf } from './errors.ts'

export interface PublisherParts {
  readonly client: Pick<KafkaClient, 'send' | 'ensureTopics'>
  /** Before every topic name. */
  readonly topicPrefix: string
  readonly onLost: (cause: unknown) => void
}

type Outcome = Published & { readonly failure?: unknown }

const nothing: Outcome = { durable: [], refused: [] }

/** Outputs as records, keyed and in order per topic: all in one request; when that fails a request a topic, so that none holds back the others. */
export function createPublisher(parts: PublisherParts): Publisher {
  return {
    async publish(rows) {
      const topics = [...new Set(rows.map((row) => row.target))]
      if (topics.length > 1 && (await sentTogether(rows, parts))) {
        return { durable: rows.map((row) => row.id), refused: [] }
      }
      const outcomes = await Promise.all(
        topics.map((topic) =>
          publishTopic(
            rows.filter((row) => row.target === topic),
            parts,
          ),
        ),
      )
      const all = outcomes.reduce(together, nothing)
      const failed = outcomes.find((outcome) => outcome.failure !== undefined)
      if (failed !== undefined && all.durable.length + all.refused.length === 0) {
        const failure = brokerFailure(failed.failure)
        parts.onLost(failure)
        throw failure
      }
      return { durable: all.durable, refused: all.refused }
    },
  }
}

async function sentTogether(rows: readonly OutboxRow[], { client, topicPrefix }: PublisherParts): Promise<boolean> {
  try {
    await client.send(rows.map((row) => recordOf(row, topicPrefix)))
    return true
  } catch {
    return false
  }
}

/** Halves what was refused until the culprit is alone; what comes after a failure that passes waits with it, to keep the order. */
async function publishTopic(rows: readonly OutboxRow[], parts: PublisherParts): Promise<Outcome> {
  try {
    await sendRows(rows, parts)
    return { durable: rows.map((row) => row.id), refused: [] }
  } catch (error) {
    const cause = refusalOf(error)
    if (cause === undefined) {
      return { ...nothing, failure: error }
    }
    const [only] = rows
    if (rows.length === 1 && only !== undefined) {
      return { durable: [], refused: [{ id: only.id, cause, message: messageOf(error) }] }
    }
    const middle = Math.ceil(rows.length / 2)
    const first = await publishTopic(rows.slice(0, middle), parts)
    return first.failure === undefined ? together(first, await publishTopic(rows.slice(middle), parts)) : first
  }
}

function together(one: Outcome, other: Outcome): Outcome {
  const failure = one.failure ?? other.failure
  return {
    durable: [...one.durable, ...other.durable],
    refused: [...one.refused, ...other.refused],
    ...(failure === undefined ? {} : { failure }),
  }
}

/** A topic nobody made yet is made with the broker's defaults. */
async function sendRows(rows: readonly OutboxRow[], { client, topicPrefix }: PublisherParts): Promise<void> {
  const records = rows.map((row) => recordOf(row, topicPrefix))
  try {
    await client.send(records)
  } catch (error) {
    if (!isUnknownTopic(error)) {
      throw error
    }
    await client.ensureTopics([...new Set(records.map((record) => record.topic))].map((topic) => ({ topic })))
    await client.send(records)
  }
}

function recordOf({ id, target, key, payload, traceparent }: OutboxRow, topicPrefix: string): NewRecord {
  return { topic: `${topicPrefix}${target}`, key, value: payload, headers: traceparent === null ? { id } : { id, traceparent } }
}

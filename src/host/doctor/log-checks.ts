import type { KafkaClient } from '../../kafka/client.ts'
import { brokerFailure } from '../../kafka/errors.ts'
import { faultOf } from '../../kafka/stream.ts'
import { manyFailures } from '../../runtime/failure-streaks.ts'
import type { Store } from '../../runtime/ports.ts'
import { type Check, ill, well } from './check.ts'

/** A partition that cannot go on by itself, and where it would go on. */
export interface HaltedLog {
  readonly partition: number
  readonly from: number
  readonly to: number
  readonly why: string
}

export interface LogFindings {
  readonly checks: readonly Check[]
  readonly halted: readonly HaltedLog[]
}

/** Compares the database's positions with the ends of the mailbox topic, and reads which partitions their owners halted. */
export async function logChecks(
  client: Pick<KafkaClient, 'ping' | 'partitionsOf' | 'ends'>,
  topic: string,
  store: Pick<Store, 'claims' | 'halted'>,
  partitions: number,
): Promise<LogFindings> {
  try {
    await client.ping()
    const found = await client.partitionsOf(topic)
    if (found !== partitions) {
      const detail = `${topic} has ${found ?? 'no'} partitions, the database ${partitions}`
      return {
        checks: [broker, ill('topic', detail, 'give the topic the number of the database, or start a node: it makes a missing one')],
        halted: [],
      }
    }
    const halted = await findHalted(client, topic, store, partitions)
    const checks = halted.map(({ partition, why }) =>
      ill(`partition ${partition}`, why, `quire doctor --accept-gap ${partition}, when what was lost is known`),
    )
    return { checks: [broker, well('topic', `${topic}, ${found} partitions`), ...(checks.length === 0 ? [allFollow] : checks)], halted }
  } catch (error) {
    return {
      checks: [ill('broker', brokerFailure(error).message, 'start it, or check QUIRE_KAFKA_BROKERS, TLS and SASL settings')],
      halted: [],
    }
  }
}

const broker = well('broker', 'answers')
const allFollow = well('partitions', 'every position stands in its log')

async function findHalted(
  client: Pick<KafkaClient, 'ends'>,
  topic: string,
  store: Pick<Store, 'claims' | 'halted'>,
  partitions: number,
): Promise<readonly HaltedLog[]> {
  const ids = Array.from({ length: partitions }, (_, id) => id)
  const [rows, told, claims] = await Promise.all([client.ends(topic), store.halted(), store.claims(ids)])
  const ends = new Map(rows.map((row) => [row.partition, row]))
  // One whose messages throw has lost nothing: it must not be moved on.
  const known = new Map(told.filter(({ why }) => why !== manyFailures).map((row) => [row.partition, row.why]))
  return claims.flatMap(({ partition, nextOffset, lastRecord }) => {
    const end = ends.get(partition) ?? { low: 0, high: 0 }
    const why = known.get(partition) ?? faultOf({ partition, offset: nextOffset, lastRecord }, end)?.message
    return why === undefined ? [] : [{ partition, from: nextOffset, to: end.low, why }]
  })
}

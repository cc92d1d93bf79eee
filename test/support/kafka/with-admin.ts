import type { Admin } from 'kafkajs'
import { ensureTopics } from '../../../src/kafka/ensure-topics.ts'
import type { TopicSpec } from '../../../src/kafka/client.ts'
import { systemClock } from '../../../src/runtime/system.ts'
import { kafkaClient } from './client.ts'

export async function withAdmin<T>(brokers: readonly string[], call: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafkaClient(brokers).admin()
  await admin.connect()
  try {
    return await call(admin)
  } finally {
    await admin.disconnect()
  }
}

/** Topics that every broker knows when this resolves; kafkajs' own wait may end in 'unknown topic'. */
export function madeTopics(brokers: readonly string[], topics: readonly TopicSpec[]): Promise<void> {
  return withAdmin(brokers, (admin) => ensureTopics(admin, topics, systemClock))
}

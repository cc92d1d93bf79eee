import { setTimeout as pause } from 'node:timers/promises'
import { kafkaClient } from './client.ts'

/** Their offsets lie in the four partitions of the offsets topic, one in each: what the coordinators load by. */
const groupOfEachPartition = ['a', 'b', 'c', 'd']

/**
 * Waits until an admin client's describeCluster shows that many brokers and the coordinators of groups have loaded. An open port
 * alone is too early, and the first group's join, which makes the offsets topic, is answered COORDINATOR_LOADING.
 * @throws after `patienceMs`, with the last answer.
 */
export async function whenClusterServes(nodes: number, brokers: readonly string[], patienceMs = 60_000): Promise<void> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const trouble = await troubleOf(nodes, brokers)
    if (trouble === undefined) {
      return
    }
    if (Date.now() > deadline) {
      throw new Error(`the test's Kafka at ${brokers.join(', ')} is not ready: ${trouble}`)
    }
    await pause(50)
  }
}

async function troubleOf(nodes: number, brokers: readonly string[]): Promise<string | undefined> {
  const admin = kafkaClient(brokers, { retry: { retries: 0 }, connectionTimeout: 1000, requestTimeout: 2000 }).admin()
  try {
    await admin.connect()
    const shown = (await admin.describeCluster()).brokers.length
    if (shown !== nodes) {
      return `${shown} of ${nodes} brokers`
    }
    await Promise.all(groupOfEachPartition.map((groupId) => admin.fetchOffsets({ groupId })))
    return undefined
  } catch (error) {
    return String(error)
  } finally {
    await admin.disconnect()
  }
}

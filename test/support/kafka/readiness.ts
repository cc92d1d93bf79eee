import { setTimeout as pause } from 'node:timers/promises'
import { kafkaClient } from './client.ts'

/**
 * Waits until an admin client's describeCluster shows that many brokers; an open port alone is too early.
 * @throws after `patienceMs`, with the last answer.
 */
export async function whenClusterShows(nodes: number, brokers: readonly string[], patienceMs = 60_000): Promise<void> {
  const deadline = Date.now() + patienceMs
  let answer = await brokersShown(brokers)
  while (answer !== nodes) {
    if (Date.now() > deadline) {
      throw new Error(`${brokers.join(', ')}: ${nodes} brokers expected, the last answer was ${String(answer)}`)
    }
    await pause(50)
    answer = await brokersShown(brokers)
  }
}

async function brokersShown(brokers: readonly string[]): Promise<number | Error> {
  const admin = kafkaClient(brokers, { retry: { retries: 0 }, connectionTimeout: 1000, requestTimeout: 2000 }).admin()
  try {
    await admin.connect()
    return (await admin.describeCluster()).brokers.length
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  } finally {
    await admin.disconnect()
  }
}

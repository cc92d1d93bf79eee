import { afterAll, beforeAll, describe, inject } from 'vitest'
import { type KafkaForTests, kafkaForTests } from './kafka-for-tests.ts'

/** Maven may have to fetch the jars first. */
const patienceMs = 300_000

/** Tests that share one real Kafka. Without one they are not run, counted, and named by the closing banner. */
export function describeWithKafka(name: string, declare: (kafka: KafkaForTests) => void): void {
  describeIf(inject('kafka').shared, name, () => {
    const kafka = kafkaForTests(name)
    beforeAll(() => kafka.start(), patienceMs)
    afterAll(() => kafka.cleanUp())
    declare(kafka)
  })
}

/** Tests that start brokers of their own (`startKafka`), to kill or to stop them; not run, counted and named likewise. */
export function describeWithOwnKafka(name: string, declare: () => void): void {
  describeIf(inject('kafka').own, name, declare)
}

function describeIf(available: boolean, name: string, declare: () => void): void {
  describe.runIf(available)(name, { meta: { wantsKafka: !available } }, declare)
}

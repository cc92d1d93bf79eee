import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWithOwnKafka } from '../support/kafka/describe-with-kafka.ts'
import { both } from './faults/both.ts'
import { broker } from './faults/broker.ts'
import { postgres } from './faults/postgres.ts'
import { recovery } from './faults/recovery.ts'
import { runFault } from './run-fault.ts'
import { type Servers, startServers } from './servers.ts'

describeWithOwnKafka('faults of Postgres and of the broker, short', () => {
  let servers: Servers
  beforeAll(async () => {
    servers = await startServers(1)
  })
  afterAll(() => servers.stop())

  it.each([postgres, recovery, broker(4), both])(
    '$name costs nothing',
    async (fault) => {
      const result = await runFault(fault, servers, { seconds: 4, perSecond: 3, deadlineSeconds: 4 })
      expect(result).toMatchObject({ lost: 0, duplicated: 0, stuck: 0, complaints: [] })
      expect(result.injected).toBeGreaterThan(0)
    },
    300_000,
  )
})

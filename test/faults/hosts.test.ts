import { appendFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWithOwnKafka } from '../support/kafka/describe-with-kafka.ts'
import { check, readJudgeLog } from './check/checker.ts'
import { query } from './check/database.ts'
import { kill9 } from './faults/kill9.ts'
import { network } from './faults/network.ts'
import { terminate } from './faults/terminate.ts'
import { zombie } from './faults/zombie.ts'
import { runFault } from './run-fault.ts'
import { type Servers, startServers } from './servers.ts'

describeWithOwnKafka('faults of hosts and of the network, short', () => {
  let servers: Servers
  beforeAll(async () => {
    servers = await startServers(1)
  })
  afterAll(() => servers.stop())

  const kept = { lost: 0, duplicated: 0, stuck: 0, complaints: [] }

  it('kill -9 costs nothing, and the checker would have seen it', async () => {
    let tampered: unknown
    const result = await runFault(kill9, servers, {
      seconds: 1,
      perSecond: 3,
      deadlineSeconds: 4,
      async afterwards(scene, accepted) {
        const [first, second, third] = [...accepted.batches] as [string, string, string]
        const { url } = scene.database
        await query(url, `delete from quire.actors where address = 'batch/${first}'`)
        await query(url, `update quire.actors set run_status = 'active' where address = 'batch/${second}'`)
        await query(
          url,
          `update quire.journal set event = replace(event, '"winner":"a"', '"winner":"b"') where address = 'batch/${third}' and ignored is null`,
        )
        await query(url, `insert into fault_history (partition, epoch_before, epoch) values (0, 99, 98)`)
        const [asked] = readJudgeLog(scene.judgeLog)
        appendFileSync(scene.judgeLog, `${JSON.stringify({ ...asked, sentAt: Date.now() })}\n`)
        appendFileSync(
          scene.judgeLog,
          `${JSON.stringify({ kind: 'produced', comparison: asked?.comparison, eventId: 'no such verdict' })}\n`,
        )
        tampered = await check(scene, accepted, 0)
      },
    })
    expect(result).toMatchObject({ ...kept, askedTwice: 0 })
    expect(result.injected).toBeGreaterThan(0)
    // No actor, a verdict that is nowhere, another fold; an epoch that fell; one not at its end; one question more.
    expect(tampered).toMatchObject({ lost: 3, duplicated: 1, stuck: 1, askedTwice: 1 })
  }, 300_000)

  it.each([zombie, terminate, network])(
    '$name costs nothing',
    async (fault) => {
      const result = await runFault(fault, servers, { seconds: 1, perSecond: 3, deadlineSeconds: 4 })
      expect(result).toMatchObject(kept)
      expect(result.injected).toBeGreaterThan(0)
    },
    300_000,
  )
})

import { buildPrograms, type Programs } from './programs.ts'
import { startKafka, type TestKafka } from '../support/kafka/start-kafka.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

/** The servers that faults are done to, and the programs that use them. */
export interface Servers {
  readonly kafka: TestKafka
  readonly postgres: TestPostgres
  readonly brokers: 1 | 3
  readonly programs: Programs
  stop(): Promise<void>
}

/** Clients reach the brokers through proxies that pass until told otherwise. */
export async function startServers(brokers: 1 | 3): Promise<Servers> {
  const [kafka, postgres, programs] = await Promise.all([
    startKafka({ nodes: brokers, proxy: true }),
    // The checker compares what was asked with the moment a verdict was committed.
    startPostgres(['track_commit_timestamp=on']),
    buildPrograms(),
  ])
  return {
    kafka,
    postgres,
    brokers,
    programs,
    async stop() {
      await Promise.all([kafka.stopAll(), postgres.stop(), programs.remove()])
    },
  }
}

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { knownClassPath } from './class-path.ts'

const run = promisify(execFile)

/** What this machine has of what a Kafka needs. */
export interface KafkaTools {
  /** From `QUIRE_TEST_KAFKA_BROKERS`. */
  readonly brokers: readonly string[]
  /** Major version. */
  readonly java: number | undefined
  /** Jars that Maven fetched before do as well. */
  readonly maven: boolean
}

/** Which tests can run. */
export interface KafkaAvailability {
  /** Those that share one broker: a named one, or one that the tests start. */
  readonly shared: boolean
  /** Those that start brokers of their own, to kill them. */
  readonly own: boolean
  /** What is not there, in words. */
  readonly missing: readonly string[]
}

const oldestJava = 17

export function kafkaAvailability({ brokers, java, maven }: KafkaTools): KafkaAvailability {
  const missing: string[] = []
  if (java === undefined) {
    missing.push(`no Java (${oldestJava} or newer)`)
  } else if (java < oldestJava) {
    missing.push(`Java ${java}, not ${oldestJava} or newer`)
  }
  if (!maven) {
    missing.push('no Maven')
  }
  const own = missing.length === 0
  return { shared: own || brokers.length > 0, own, missing }
}

export async function findKafkaTools(env: NodeJS.ProcessEnv): Promise<KafkaTools> {
  return {
    brokers: (env.QUIRE_TEST_KAFKA_BROKERS ?? '')
      .split(',')
      .map((broker) => broker.trim())
      .filter((broker) => broker !== ''),
    java: await javaVersion(),
    maven: knownClassPath() !== undefined || (await runs('mvn')),
  }
}

async function javaVersion(): Promise<number | undefined> {
  const { stderr } = await run('java', ['-version']).catch(() => ({ stderr: '' }))
  return parseJavaVersion(stderr)
}

/** Major version from what `java -version` prints; 8 and older call themselves 1.8. */
export function parseJavaVersion(printed: string): number | undefined {
  const [, major] = /version "(?:1\.)?(\d+)/.exec(printed) ?? []
  return major === undefined ? undefined : Number(major)
}

async function runs(command: string): Promise<boolean> {
  return run(command, ['--version']).then(
    () => true,
    () => false,
  )
}

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { GuardedProcess, GuardedProcesses } from '../guarded-processes.ts'
import { type KafkaNode, type KafkaSettings, serverProperties } from './server-properties.ts'

/** The process of one node; its log dir and its ports stay the same over kills and starts. */
export interface Broker {
  /** Resolves when the process says that the broker is registered and serves: 2 to 3 s. */
  start(): Promise<void>
  kill(): Promise<void>
  pause(): void
  resume(): void
}

export interface BrokerOptions {
  readonly classPath: string
  readonly folder: string
  readonly node: KafkaNode
  readonly cluster: readonly KafkaNode[]
  readonly settings: KafkaSettings
  readonly guarded: GuardedProcesses
}

export function brokerOf(options: BrokerOptions): Broker {
  const { node, guarded } = options
  let running: GuardedProcess | undefined
  let starts = 0
  const runningProcess = (): GuardedProcess => {
    if (running === undefined) {
      throw new Error(`node ${node.id} of the test's Kafka does not run`)
    }
    return running
  }
  return {
    async start() {
      if (running !== undefined) {
        throw new Error(`node ${node.id} of the test's Kafka runs already`)
      }
      starts += 1
      const log = join(options.folder, `node-${node.id}.${starts}.log`)
      running = await guarded.start({ file: 'java', args: await javaArguments(options), log })
      await whenLogged('Kafka Server started', log, running)
    },
    async kill() {
      const { signal, exited } = runningProcess()
      signal('SIGKILL')
      await exited
      running = undefined
    },
    pause: () => runningProcess().signal('SIGSTOP'),
    resume: () => runningProcess().signal('SIGCONT'),
  }
}

async function javaArguments({ classPath, folder, node, cluster, settings }: BrokerOptions): Promise<string[]> {
  const properties = join(folder, `node-${node.id}.properties`)
  await writeFile(properties, serverProperties(node, cluster, settings))
  return [
    // For a fast start on few cores; about 300 MB resident.
    ...['-Xmx384m', '-Xms128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
    '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
    ...['-cp', classPath, 'kafka.Kafka', properties],
  ]
}

async function whenLogged(words: string, log: string, { exited }: GuardedProcess): Promise<void> {
  let end: string | undefined
  void exited.then((how) => (end = how))
  for (;;) {
    const ended = end
    const text = await readFile(log, 'utf8')
    if (text.includes(words)) {
      return
    }
    if (ended !== undefined) {
      throw new Error(`a broker of the test's Kafka ended at its start (${ended}):\n${text.slice(-4000)}`)
    }
    await pause(25)
  }
}

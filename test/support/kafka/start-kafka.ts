import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../free-port.ts'
import { guardProcesses } from '../guarded-processes.ts'
import { createTcpProxy, type TcpProxy } from '../tcp-proxy.ts'
import { type Broker, brokerOf } from './broker.ts'
import { kafkaClassPath } from './class-path.ts'
import { formatLogDir, newClusterId } from './log-dir.ts'
import { whenClusterServes } from './readiness.ts'
import { type KafkaNode, type KafkaSettings, type SecureListener, secureSettings } from './server-properties.ts'

export interface TestKafkaOptions {
  readonly nodes?: 1 | 3
  /** Clients reach each broker through a TCP proxy of its own, also after they asked where it is. */
  readonly proxy?: boolean
  /** Of one node: a listener with TLS and SASL beside the plain one. */
  readonly secure?: SecureListener
  /** Further lines of `server.properties`; they win. */
  readonly settings?: KafkaSettings
}

/** A real Kafka of the test's own. Nodes are numbered from 1. */
export interface TestKafka {
  /** `host:port` of each node, by number; with `proxy` those of the proxies. */
  readonly brokers: readonly string[]
  /** By number; empty without `proxy`. */
  readonly proxies: readonly TcpProxy[]
  /** SIGKILL, and the end of the process. */
  kill(node: number): Promise<void>
  /** Starts a killed node on the same log dir and ports; resolves when it serves again. */
  start(node: number): Promise<void>
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(node: number): void
  /** SIGCONT. */
  resume(node: number): void
  /** Resolves when clients see every broker. */
  whenReady(): Promise<void>
  /** Kills what runs, removes logs and data. The end of this process does the same. */
  stopAll(): Promise<void>
}

/** Resolves when the cluster is ready: about 3 s for one node, 5 s for three on two cores. Needs Java 17 and, once, Maven. */
export async function startKafka({ nodes = 1, proxy = false, secure, settings = {} }: TestKafkaOptions = {}): Promise<TestKafka> {
  const classPath = await kafkaClassPath()
  const folder = await mkdtemp(join(tmpdir(), 'quire-kafka-'))
  const guarded = guardProcesses(folder)
  const { cluster, proxies } = await planCluster(nodes, proxy, folder)
  const settingsOf = (node: KafkaNode): KafkaSettings => ({ ...(secure === undefined ? {} : secureSettings(node, secure)), ...settings })
  const brokers = cluster.map((node) => brokerOf({ classPath, folder, node, cluster, settings: settingsOf(node), guarded }))
  const addresses = cluster.map(({ advertisedPort }) => `127.0.0.1:${advertisedPort}`)
  const kafka: TestKafka = {
    brokers: addresses,
    proxies,
    kill: async (node) => at(brokers, node).kill(),
    start: async (node) => at(brokers, node).start(),
    pause: (node) => at(brokers, node).pause(),
    resume: (node) => at(brokers, node).resume(),
    whenReady: () => whenClusterServes(nodes, addresses),
    async stopAll() {
      await Promise.all(proxies.map((each) => each.close()))
      await guarded.close()
    },
  }
  try {
    const clusterId = newClusterId()
    await formatLogDirs(cluster, clusterId, classPath)
    await Promise.all(brokers.map((broker) => broker.start()))
    await kafka.whenReady()
  } catch (error) {
    await kafka.stopAll()
    throw error
  }
  return kafka
}

async function planCluster(nodes: number, proxy: boolean, folder: string): Promise<{ cluster: KafkaNode[]; proxies: TcpProxy[] }> {
  const ports = await freePorts(nodes * 4)
  const planned = Array.from({ length: nodes }, (_, index) => {
    const [clientPort, brokerPort, controllerPort, proxyPort] = ports.slice(index * 4) as [number, number, number, number]
    const advertisedPort = proxy ? proxyPort : clientPort
    return { id: index + 1, clientPort, advertisedPort, brokerPort, controllerPort, logDir: join(folder, `node-${index + 1}`) }
  })
  const proxies = proxy
    ? planned.map(({ clientPort, advertisedPort }) =>
        createTcpProxy({ target: { host: '127.0.0.1', port: clientPort }, port: advertisedPort }),
      )
    : []
  return { cluster: planned, proxies: await Promise.all(proxies) }
}

async function formatLogDirs(cluster: readonly KafkaNode[], clusterId: string, classPath: string): Promise<void> {
  for (const node of cluster) {
    await formatLogDir(node, clusterId, classPath)
  }
}

function at(brokers: readonly Broker[], node: number): Broker {
  const broker = brokers[node - 1]
  if (broker === undefined) {
    throw new Error(`the test's Kafka has no node ${node}, only 1 to ${brokers.length}`)
  }
  return broker
}

/** One node: broker and controller in one process. All ports are on 127.0.0.1. */
export interface KafkaNode {
  readonly id: number
  /** Where clients connect. */
  readonly clientPort: number
  /** What clients are told to connect to: the client port, or that of a proxy before it. */
  readonly advertisedPort: number
  /** Brokers speak to each other past the proxy. */
  readonly brokerPort: number
  readonly controllerPort: number
  readonly logDir: string
}

/** A listener beside the plain one: TLS, and a user of SASL PLAIN. */
export interface SecureListener {
  readonly port: number
  /** PEM file with the private key and the certificate. */
  readonly pemFile: string
  readonly username: string
  readonly password: string
}

export type KafkaSettings = Readonly<Record<string, string | number | boolean>>

/** `server.properties` of one node of a cluster; `settings` win. */
export function serverProperties(node: KafkaNode, cluster: readonly KafkaNode[], settings: KafkaSettings = {}): string {
  const all = { ...addresses(node, cluster), ...replication(cluster.length), ...forTests, ...settings }
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

function addresses(node: KafkaNode, cluster: readonly KafkaNode[]): KafkaSettings {
  const at = (port: number) => `127.0.0.1:${port}`
  return {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    'controller.quorum.voters': cluster.map(({ id, controllerPort }) => `${id}@${at(controllerPort)}`).join(','),
    listeners: `CLIENT://${at(node.clientPort)},BROKER://${at(node.brokerPort)},CONTROLLER://${at(node.controllerPort)}`,
    'advertised.listeners': `CLIENT://${at(node.advertisedPort)},BROKER://${at(node.brokerPort)}`,
    'listener.security.protocol.map': 'CLIENT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'BROKER',
    'log.dirs': node.logDir,
  }
}

/** Settings of a cluster of one node that add a secure listener to its plain ones. */
export function secureSettings(node: KafkaNode, { port, pemFile, username, password }: SecureListener): KafkaSettings {
  const plain = addresses(node, [node])
  const jaas = `org.apache.kafka.common.security.plain.PlainLoginModule required user_${username}="${password}";`
  return {
    listeners: `${plain['listeners']},SECURE://127.0.0.1:${port}`,
    'advertised.listeners': `${plain['advertised.listeners']},SECURE://127.0.0.1:${port}`,
    'listener.security.protocol.map': `${plain['listener.security.protocol.map']},SECURE:SASL_SSL`,
    'sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.secure.plain.sasl.jaas.config': jaas,
    'listener.name.secure.ssl.keystore.type': 'PEM',
    'listener.name.secure.ssl.keystore.location': pemFile,
  }
}

/** As in production: three nodes lose one and go on. */
function replication(nodes: number): KafkaSettings {
  const inSync = nodes > 1 ? 2 : 1
  return {
    'default.replication.factor': nodes,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': nodes,
    'transaction.state.log.replication.factor': nodes,
    'transaction.state.log.min.isr': inSync,
  }
}

const forTests: KafkaSettings = {
  'num.partitions': 4,
  // readiness.ts asks each of the four.
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.num.partitions': 4,
  // A topic that nobody created is an error in the code under test.
  'auto.create.topics.enable': false,
  'group.initial.rebalance.delay.ms': 0,
  // With the defaults a killed broker may not register again for 9 s.
  'broker.session.timeout.ms': 2000,
  'broker.heartbeat.interval.ms': 500,
}

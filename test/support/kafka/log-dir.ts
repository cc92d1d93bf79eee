import { execFile } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheOfThePom } from './class-path.ts'
import { type KafkaNode, serverProperties } from './server-properties.ts'

const run = promisify(execFile)

/** A cluster id as `kafka-storage random-uuid` makes them. */
export function newClusterId(): string {
  return randomBytes(16).toString('base64url')
}

/**
 * Formats the log dir of a node. The features of a new cluster (`bootstrap.checkpoint`) follow from Kafka's version alone: its
 * storage tool (1.5 s of a Java start) writes them once, each node gets a copy beside its own identity.
 */
export async function formatLogDir(node: KafkaNode, clusterId: string, classPath: string): Promise<void> {
  await mkdir(node.logDir, { recursive: true })
  await copyFile(await bootstrapCheckpoint(classPath), join(node.logDir, 'bootstrap.checkpoint'))
  await writeFile(join(node.logDir, 'meta.properties'), `version=1\ncluster.id=${clusterId}\nnode.id=${node.id}\n`)
}

async function bootstrapCheckpoint(classPath: string): Promise<string> {
  const kept = join(cacheOfThePom(), 'bootstrap.checkpoint')
  if (existsSync(kept)) {
    return kept
  }
  const folder = await mkdtemp(join(tmpdir(), 'quire-kafka-format-'))
  try {
    const node = { id: 1, clientPort: 1, advertisedPort: 1, brokerPort: 2, controllerPort: 3, logDir: join(folder, 'log') }
    const properties = join(folder, 'server.properties')
    await writeFile(properties, serverProperties(node, [node]))
    await run('java', ['-Xmx128m', '-cp', classPath, 'kafka.tools.StorageTool', 'format', '-t', newClusterId(), '-c', properties])
    const written = `${kept}-${randomUUID()}`
    await copyFile(join(node.logDir, 'bootstrap.checkpoint'), written)
    await rename(written, kept)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return kept
}

import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const pom = fileURLToPath(new URL('./pom.xml', import.meta.url))
const cache = fileURLToPath(new URL('../../../node_modules/.cache/quire-kafka/', import.meta.url))

/** A folder for what follows from the pom alone; another pom has another. */
export function cacheOfThePom(): string {
  return join(cache, createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 12))
}

/**
 * Class path of Kafka's 46 jars (43 MB). Asks Maven only when it is not known yet or a jar is gone: 8 to 20 s the first time, then
 * 1 ms. Two processes may do it at once: Maven locks its downloads, the renamed file is whole.
 */
export async function kafkaClassPath(): Promise<string> {
  const known = knownClassPath()
  if (known !== undefined) {
    return known
  }
  await mkdir(cacheOfThePom(), { recursive: true })
  const written = join(cacheOfThePom(), `class-path-${randomUUID()}`)
  try {
    await run('mvn', ['-q', '-B', '-f', pom, 'dependency:build-classpath', `-Dmdep.outputFile=${written}`])
  } catch (error) {
    throw new Error('Maven did not bring the jars of Kafka; it needs the network the first time', { cause: error })
  }
  await rename(written, fileOfTheClassPath())
  return readFileSync(fileOfTheClassPath(), 'utf8').trim()
}

/** The cached class path, if all its jars exist. */
export function knownClassPath(): string | undefined {
  if (!existsSync(fileOfTheClassPath())) {
    return undefined
  }
  const classPath = readFileSync(fileOfTheClassPath(), 'utf8').trim()
  return classPath.split(delimiter).every((jar) => existsSync(jar)) ? classPath : undefined
}

function fileOfTheClassPath(): string {
  return join(cacheOfThePom(), 'class-path')
}

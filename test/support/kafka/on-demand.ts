import { once } from 'node:events'
import { createServer } from 'node:http'
import { portOf } from '../free-port.ts'

/** Lets the test files, in processes of their own, share one Kafka of the main process, started when the first asks. */
export interface KafkaOnDemand {
  readonly url: string
  close(): Promise<void>
}

export interface SharedKafka {
  readonly brokers: readonly string[]
  stopAll(): Promise<void>
}

export async function serveKafkaOnDemand(start: () => Promise<SharedKafka>): Promise<KafkaOnDemand> {
  let started: Promise<SharedKafka> | undefined
  const server = createServer((_request, response) => {
    started ??= start()
    started.then(
      ({ brokers }) => response.end(JSON.stringify(brokers)),
      (error: Error) => response.writeHead(500).end(`${error.stack ?? error}\n${String(error.cause ?? '')}`),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${portOf(server)}/`,
    async close() {
      server.close()
      server.closeAllConnections()
      const kafka = await started?.catch(() => undefined)
      await kafka?.stopAll()
    },
  }
}

/** @throws with the reason why the Kafka did not start */
export async function askForKafka(url: string): Promise<readonly string[]> {
  const response = await fetch(url)
  const answer = await response.text()
  if (!response.ok) {
    throw new Error(`the tests' Kafka did not start: ${answer}`)
  }
  return JSON.parse(answer)
}

import type { Fault } from '../fault.ts'
import type { Scene } from '../scene.ts'

/** Postgres and the broker are down when the hosts start, and come up in either order; later both go again. */
export const both: Fault = {
  name: 'both',
  brokers: 1,
  before: goDown,
  async inject(scene) {
    for (let round = 0; round === 0 || !scene.isOver(); round += 1) {
      await (round === 0 ? undefined : goDown(scene))
      await scene.pause(2_000 + Math.random() * 2_000)
      await comeUp(scene, round % 2 === 0 ? 'postgres' : 'kafka')
      scene.ended(`both down, ${round % 2 === 0 ? 'Postgres' : 'Kafka'} up first`)
      await scene.pause(14_000)
    }
  },
}

async function goDown({ servers }: Scene): Promise<void> {
  await Promise.all([servers.postgres.crash(), servers.kafka.kill(1)])
}

async function comeUp(scene: Scene, first: 'postgres' | 'kafka'): Promise<void> {
  const { kafka, postgres } = scene.servers
  const start = { kafka: () => kafka.start(1), postgres: () => postgres.start() }
  await start[first]()
  await scene.pause(4_000)
  await start[first === 'kafka' ? 'postgres' : 'kafka']()
}

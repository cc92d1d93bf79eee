import type { Fault } from '../fault.ts'
import type { Scene } from '../scene.ts'

/** Of one broker, all is down for up to this time. */
const longestMs = 60_000

/** The only broker is killed: all is down for a minute, or for half of a shorter run. */
export const broker = (seconds: number): Fault => ({
  name: 'broker',
  brokers: 1,
  async inject(scene) {
    for (let round = 0; round === 0 || !scene.isOver(); round += 1) {
      await killBroker(scene, 1, Math.min(longestMs, seconds * 500))
      await scene.pause(10_000)
    }
  },
})

/** Three brokers: one after the other is killed and comes back. */
export const brokers: Fault = {
  name: 'broker',
  brokers: 3,
  async inject(scene) {
    for (let round = 0; round === 0 || !scene.isOver(); round += 1) {
      await killBroker(scene, (round % 3) + 1, 4_000 + Math.random() * 4_000)
      await scene.servers.kafka.whenReady()
      await scene.pause(6_000)
    }
  },
}

async function killBroker(scene: Scene, node: number, forMs: number): Promise<void> {
  const { kafka } = scene.servers
  await kafka.kill(node)
  await scene.pause(forMs)
  await kafka.start(node)
  scene.ended(`kill of broker ${node}`)
}

import { everyPartitionMoved } from '../check/history.ts'
import type { Fault } from '../fault.ts'

/**
 * A host is killed with SIGKILL and started again: one after the other, when the work of the last has been taken over, and every
 * third time at once: while it is being taken over, and then both.
 */
export const kill9: Fault = {
  name: 'kill9',
  brokers: 1,
  async inject(scene) {
    for (let round = 0; round === 0 || !scene.isOver(); round += 1) {
      const victims = round % 6 === 5 ? scene.hosts : scene.hosts.slice(round % 2, (round % 2) + 1)
      await Promise.all(victims.map((host) => host.kill()))
      const killedAt = Date.now()
      for (const host of victims) {
        scene.ended(`kill of ${host.name}`)
      }
      await scene.pause(Math.random() * 3_000)
      await Promise.all(victims.map((host) => host.start()))
      await (round % 3 === 1 ? scene.pause(4_000) : everyPartitionMoved(scene.database.url, killedAt, 60_000))
      await scene.pause(Math.random() * 2_000)
    }
  },
}

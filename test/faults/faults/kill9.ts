import type { Fault } from '../fault.ts'

/** A host is killed with SIGKILL and started again, one after the other, sometimes both at once. */
export const kill9: Fault = {
  name: 'kill9',
  brokers: 1,
  async inject(scene) {
    for (let round = 0; round === 0 || !scene.isOver(); round += 1) {
      const victims = round % 4 === 3 ? scene.hosts : scene.hosts.slice(round % 2, (round % 2) + 1)
      await Promise.all(victims.map((host) => host.kill()))
      for (const host of victims) {
        scene.ended(`kill of ${host.name}`)
      }
      await scene.pause(500 + Math.random() * 3_000)
      await Promise.all(victims.map((host) => host.start()))
      await scene.pause(3_000 + Math.random() * 6_000)
    }
  },
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from '../fault.ts'

/** Longer than a session lasts, so that the other host has taken over when it wakes. */
const leastMs = 10_000
const mostMs = 30_000

/** A host stands still (SIGSTOP) while the other takes over, then wakes and still believes that it owns partitions. */
export const zombie: Fault = {
  name: 'zombie',
  brokers: 1,
  async inject(scene) {
    for (let round = 0; round === 0 || !scene.isOver(); round += 1) {
      const host = scene.hosts[round % scene.hosts.length]
      host?.freeze()
      await Promise.all([scene.pause(mostMs), sleep(leastMs)])
      host?.thaw()
      scene.ended(`wake of ${host?.name}`)
      await scene.pause(8_000)
    }
  },
}

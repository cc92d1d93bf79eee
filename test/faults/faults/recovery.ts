import type { Fault } from '../fault.ts'
import { isInRecovery } from '../check/database.ts'

/** Postgres crashes and comes back in recovery: it answers 57P03 for a while, then serves again. */
export const recovery: Fault = {
  name: 'recovery',
  brokers: 1,
  async inject(scene) {
    const { postgres } = scene.servers
    for (let round = 0; round === 0 || !scene.isOver(); round += 1) {
      await postgres.crash()
      await postgres.startInRecovery()
      if (!(await isInRecovery(scene.database.url))) {
        throw new Error('Postgres did not answer 57P03')
      }
      await scene.pause(3_000 + Math.random() * 7_000)
      await postgres.promote()
      scene.ended('recovery of Postgres')
      await scene.pause(6_000)
    }
  },
}

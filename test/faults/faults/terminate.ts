import type { Fault } from '../fault.ts'
import { query } from '../check/database.ts'

/** Storms in which every connection of the hosts is ended by `pg_terminate_backend`, again and again. */
export const terminate: Fault = {
  name: 'terminate',
  brokers: 1,
  async inject(scene) {
    for (let round = 0; round === 0 || !scene.isOver(); round += 1) {
      for (let stroke = 0; stroke < 10; stroke += 1) {
        await query(
          scene.database.url,
          `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
        )
        await scene.pause(Math.random() * 300)
      }
      scene.ended('storm of pg_terminate_backend')
      await scene.pause(2_000 + Math.random() * 3_000)
    }
  },
}

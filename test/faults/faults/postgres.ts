import type { Fault } from '../fault.ts'

/** `pg_ctl stop -m immediate` every 5 to 10 s; every third time a host is killed first, so that Postgres goes during its takeover. */
export const postgres: Fault = {
  name: 'postgres',
  brokers: 1,
  async inject(scene) {
    const server = scene.servers.postgres
    for (let round = 0; round === 0 || !scene.isOver(); round += 1) {
      const victim = round % 3 === 2 ? scene.hosts[round % scene.hosts.length] : undefined
      await victim?.kill()
      await scene.pause(victim === undefined ? 0 : 5_500)
      await server.crash()
      await scene.pause(Math.random() * 2_000)
      await server.start()
      scene.ended('crash of Postgres')
      await victim?.start()
      await scene.pause(5_000 + Math.random() * 5_000)
    }
  },
}

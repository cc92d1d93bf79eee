import { describe, it } from 'vitest'
import { freshDatabase } from '../ports/adapters.ts'
import { toursOf } from './explore.ts'
import { onPostgres } from './processes.ts'
import { Trial } from './trial.ts'
import { worlds } from './worlds.ts'

/** Real time is not moved: tours in which nothing waits for a delay. The longest, for they restart most. */
const tours = ['two essays', 'a second wave'].flatMap((name) => {
  const world = worlds.find((one) => one.name === name)
  const found = world === undefined ? [] : toursOf(world, new Set())
  const untimed = found.filter(({ commands }) => commands.every(({ kind }) => kind !== 'elapse'))
  return untimed.toSorted((one, other) => other.commands.length - one.commands.length).slice(0, 2)
})

describe('tours of the batch on a real Postgres, with a restart between steps', () => {
  it.each(tours.map((tour, index) => ({ name: `${tour.world.name}, ${index + 1}`, tour })))(
    '$name: the runtime and the stepped machine agree after every step',
    async ({ tour: { world, commands } }) => {
      const trial = await Trial.running(world, onPostgres(await freshDatabase()))
      for (const command of commands) {
        await trial.run(command)
        await trial.restart()
      }
      await trial.live?.stop()
    },
  )
})

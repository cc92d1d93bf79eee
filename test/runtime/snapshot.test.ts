import { describe, expect, it } from 'vitest'
import { createRegistry } from '../../src/runtime/registry.ts'
import { revive, rowOf } from '../../src/runtime/snapshot.ts'
import type { ActorRow } from '../../src/runtime/turn-rows.ts'
import { lamp } from '../support/machines/lamp.ts'
import { order } from '../support/machines/order.ts'
import { player } from '../support/machines/rally.ts'
import { TurnDriver } from '../support/turn-driver.ts'

function storedLamp(): ActorRow {
  const driver = new TurnDriver({ lamp })
  return driver.life('lamp/1', { litForMs: 50 }, { type: 'PRESS' }).turn.actors[0] as ActorRow
}

function kindOf(actors: Parameters<typeof createRegistry>[0], address: string) {
  const kind = createRegistry(actors).typeOf(address)
  if (kind === undefined) {
    throw new Error('not registered')
  }
  return kind
}

describe('a stored snapshot', () => {
  it.each([
    ['lamp/1', { lamp }, { litForMs: 50 }, [{ type: 'PRESS' }]],
    ['order/1', { order: order() }, { amount: 3 }, []],
    ['player/1', { player }, { partner: 'player/2', most: 3 }, [{ type: 'BALL', count: 1 }]],
  ])('of %s comes back as it was and steps on the same way', (address, actors, input, events) => {
    const driver = new TurnDriver(actors)
    const row = driver.life(address, input, ...events).turn.actors[0] as ActorRow
    const revived = revive(row, kindOf(actors, address))
    expect(rowOf(revived)).toEqual(row)
    expect(revived.snapshot.value).toEqual(driver.actor(address).snapshot.value)
  })

  it('of another machine is refused, naming both', () => {
    const row = { ...storedLamp(), machine: 'lantern' }
    expect(() => revive(row, kindOf({ lamp }, 'lamp/1'))).toThrow(/lamp\/1 was written by machine 'lantern', not by 'lamp'/)
  })

  it('of a newer version is refused, naming actor, versions and remedy', () => {
    const row = { ...storedLamp(), version: 3 }
    expect(() => revive(row, kindOf({ lamp }, 'lamp/1'))).toThrow(
      /lamp\/1 was written by version 3 .* knows version 1 .* deploy the newer version/,
    )
  })

  it('of an older version goes through its migrations, one after the other', () => {
    const context = (persisted: unknown): { presses: number } => (persisted as { context: { presses: number } }).context
    const newer = {
      ...lamp,
      version: 3,
      migrations: {
        1: (persisted: unknown) => ({
          ...(persisted as object),
          context: { ...context(persisted), presses: context(persisted).presses + 10 },
        }),
        2: (persisted: unknown) => ({
          ...(persisted as object),
          context: { ...context(persisted), presses: context(persisted).presses * 2 },
        }),
      },
    } as never
    expect(revive(storedLamp(), kindOf({ lamp: newer }, 'lamp/1')).snapshot.context).toMatchObject({ presses: 22 })
  })

  it('of an older version without a migration is refused, naming the missing one', () => {
    const newer = { ...lamp, version: 2 }
    expect(() => revive(storedLamp(), kindOf({ lamp: newer }, 'lamp/1'))).toThrow(/no migration leads from 1 to 2; declare migrations\[1\]/)
  })
})

import type { Effect, Json, TenantRow } from './define-actor.ts'
import { assertLossless } from './strict-json.ts'

/** Something that leaves through the outbox. */
export interface Output {
  readonly id: string
  readonly target: string
  readonly key: string
  readonly payload: string
}

/** What effects come to. */
export interface Effected {
  readonly outputs: readonly Output[]
  readonly rows: readonly TenantRow[]
  readonly notes: readonly Json[]
}

/**
 * Outputs, rows and notes of a mapping's effects.
 * @param id of the first output that names none; those after it get `.1`, `.2`
 * @throws QuireError `snapshot-lossy` for a value JSON would destroy
 */
export function appliedEffects(given: Effect | readonly Effect[] | undefined, id: string): Effected {
  const effects = given === undefined ? [] : Array.isArray(given) ? (given as readonly Effect[]) : [given as Effect]
  const outputs: Output[] = []
  const rows: TenantRow[] = []
  const notes: Json[] = []
  effects.forEach((effect, part) => {
    const own = part === 0 ? id : `${id}.${part}`
    switch (effect.kind) {
      case 'publish':
        assertLossless(effect.payload, `payload for ${effect.topic}`)
        outputs.push({ id: effect.id ?? own, target: effect.topic, key: effect.key, payload: JSON.stringify(effect.payload) })
        return
      case 'send':
        outputs.push(messageOutput(effect.address, effect.event, effect.id ?? own))
        return
      case 'row':
        rows.push({ table: effect.table, key: effect.key, values: effect.values })
        return
      case 'note':
        assertLossless(effect.note, 'note')
        notes.push(effect.note)
    }
  })
  return { outputs, rows, notes }
}

/** A message for another actor, as it stands in the outbox. */
export function messageOutput(address: string, event: { readonly type: string }, id: string): Output {
  assertLossless(event, `event '${event.type}' for ${address}`)
  return { id, target: 'mailbox', key: address, payload: JSON.stringify({ id, address, kind: 'event', body: JSON.stringify(event) }) }
}

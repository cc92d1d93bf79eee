import { messageOf, QuireError } from './errors.ts'
import { bodyOf, type Delivery, inputOf } from './delivery.ts'
import { appliedEffects } from './effects.ts'
import type { Json } from './define-actor.ts'
import type { Registry } from './registry.ts'
import { type LiveActor, stateNameOf } from './snapshot.ts'
import type { StorageAct } from './storage-act.ts'
import { tombstoneOf } from './tombstone.ts'
import type { TurnDraft } from './turn-draft.ts'
import type { ActorRow } from './turn-rows.ts'

/** An actor as far as this process can read it. */
type Stored = LiveActor | ActorRow | undefined

/** Carries out an act on what is stored of an address, and keeps who, why and when in the journal. */
export function act(delivery: Delivery, actor: Stored, draft: TurnDraft): void {
  const order = bodyOf(delivery).value as object as StorageAct
  switch (order.type) {
    case 'FORGET':
      return forget(delivery, order, actor, draft)
    case 'ARCHIVE':
      return archive(delivery, order, actor, draft)
    case 'DISCARD':
      draft.discarded.push(order.deadLetter)
      return draft.journal(delivery, standing(actor))
    case 'REPLAY':
    case 'NOTE':
      return draft.journal(delivery, standing(actor))
    default:
      draft.deadLetter(
        delivery,
        'invalid-message',
        new QuireError('invalid-message', `message ${delivery.messageId} is no act Quire knows`),
      )
  }
}

/** Also of an actor that is gone already: what came late goes too, and an archive is named still. */
function forget(delivery: Delivery, { by, reason }: StorageAct, actor: Stored, draft: TurnDraft): void {
  if (actor === undefined) {
    draft.erase(delivery.partition, delivery.address)
    draft.journal(delivery, { seq: 0, state: '', notes: ['no actor was born here; what else was stored of the address is erased'] })
    return
  }
  const before = 'kind' in actor || actor.tombstone === null ? undefined : tombstoneOf(actor)
  const grave = { cause: 'forgotten' as const, at: draft.now, by, reason, archive: before?.archive ?? null }
  draft.bury(actor, { ...grave, remains: before?.remains ?? remainsOf(actor) })
  draft.journal(delivery, { seq: actor.seq, state: 'FORGOTTEN' })
}

/** Only the actor that was archived goes: one that moved on since stays, and is archived again. */
function archive(delivery: Delivery, order: StorageAct & { readonly type: 'ARCHIVE' }, actor: Stored, draft: TurnDraft): void {
  if (actor === undefined || isGone(actor) || actor.seq !== order.seq || isActive(actor)) {
    draft.journal(delivery, { ...standing(actor), ignored: 'the actor is not as it was archived' })
    return
  }
  const { by, reason, archive: name } = order
  draft.bury(actor, { cause: 'archived', at: draft.now, by, reason, archive: name, remains: remainsOf(actor) })
  draft.journal(delivery, { seq: actor.seq, state: 'ARCHIVED' })
}

function isGone(actor: LiveActor | ActorRow): boolean {
  return !('kind' in actor) && actor.tombstone !== null
}

function isActive(actor: LiveActor | ActorRow): boolean {
  return 'kind' in actor ? actor.snapshot.status === 'active' : actor.runStatus === 'active'
}

function standing(actor: Stored): { readonly seq: number; readonly state: string } {
  return actor === undefined
    ? { seq: 0, state: '' }
    : { seq: actor.seq, state: 'kind' in actor ? stateNameOf(actor.snapshot) : actor.state }
}

/** What the actor's type wants to keep; of one that cannot be read, nothing. */
function remainsOf(actor: LiveActor | ActorRow): Json {
  return 'kind' in actor ? (actor.kind.definition.remains?.(actor.snapshot) ?? null) : null
}

/** A message for an actor that is gone is recorded without its body; its type may answer a create. Nothing bears it again. */
export function comeLate(delivery: Delivery, row: ActorRow, registry: Registry, draft: TurnDraft): void {
  const { cause, remains } = tombstoneOf(row)
  const told = { ...delivery, body: '{}' }
  const noted = { seq: row.seq, state: row.state, ignored: `the actor was ${cause}` }
  try {
    const scope = { address: row.address, at: draft.now, seq: row.seq, context: null, event: { type: 'xstate.init' } }
    const answer = delivery.kind === 'create' ? registry.typeOf(row.address)?.definition.createdAfter : undefined
    const effects = answer?.(remains, inputOf(delivery, draft.now).input as never, scope)
    const { outputs, notes } = appliedEffects(effects, `${row.address}#${delivery.messageId}#0`)
    draft.journal(told, { ...noted, notes })
    outputs.forEach((output) => draft.send(delivery, output))
  } catch (error) {
    draft.journal(told, { ...noted, notes: [{ unanswered: messageOf(error) }] })
  }
}

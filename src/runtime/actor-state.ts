import type { Json } from './define-actor.ts'
import type { ActorRow } from './turn-rows.ts'

/** The committed state of an actor. */
export interface ActorState {
  readonly address: string
  readonly state: string
  readonly runStatus: ActorRow['runStatus']
  readonly tags: readonly string[]
  readonly output: Json
  readonly progress: Json
  readonly parked: string | null
  readonly seq: number
}

export interface WaitCondition {
  readonly tag?: string
  readonly state?: string
}

/** True when the actor is in the state, and has the tag, that are asked for. */
export function holds(row: ActorRow, condition: WaitCondition): boolean {
  return (
    (condition.tag === undefined || row.tags.includes(condition.tag)) && (condition.state === undefined || row.state === condition.state)
  )
}

export function stateOf(row: ActorRow): ActorState {
  const parsed = (text: string | null): Json => (text === null ? null : (JSON.parse(text) as Json))
  return {
    address: row.address,
    state: row.state,
    runStatus: row.runStatus,
    tags: row.tags,
    output: parsed(row.output),
    progress: parsed(row.progress),
    parked: row.parked,
    seq: row.seq,
  }
}

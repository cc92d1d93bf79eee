import type { Turn } from '../../src/runtime/turn-rows.ts'

/** A turn that writes nothing and moves no partition. */
export const emptyTurn: Turn = {
  owner: 'me',
  now: 1_700_000_000_001,
  partitions: [],
  actors: [],
  timersArmed: [],
  timersDropped: [],
  tasksOpened: [],
  tasksUpdated: [],
  tasksClosed: [],
  outbox: [],
  journal: [],
  inbox: [],
  deadLetters: [],
  held: [],
  released: [],
  rows: [],
  erased: [],
  withheld: [],
  discarded: [],
}

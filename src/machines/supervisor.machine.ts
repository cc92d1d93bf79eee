import { assign, fromPromise, setup } from 'xstate'

/** What the monitor found in one round. */
export interface MonitorRound {
  readonly checked: number
  readonly waiting: number
  readonly stuck: number
  readonly failed: number
}

/**
 * The runtime's own life: whether its database and its broker answer, whether it owns partitions, and the monitor.
 * Outages are states of it, not errors.
 */
export const supervisorMachine = setup({
  types: {
    context: {} as { monitorIntervalMs: number; holder: string | null; recoveries: number },
    input: {} as { monitorIntervalMs: number },
    events: {} as
      | { type: 'DATABASE_UP' }
      | { type: 'DATABASE_DOWN' }
      | { type: 'DATABASE_BLOCKED' }
      | { type: 'BROKER_UP' }
      | { type: 'BROKER_DOWN' }
      | { type: 'BROKER_BLOCKED' }
      | { type: 'OWNING' }
      | { type: 'STANDBY'; holder: string | null }
      | { type: 'DISOWNED' },
  },
  actors: {
    check: fromPromise<MonitorRound>(() => Promise.reject(new Error('provided by src/runtime/supervisor.ts'))),
  },
  actions: {
    nameHolder: assign({ holder: ({ event }) => (event.type === 'STANDBY' ? event.holder : null) }),
    forgetHolder: assign({ holder: null }),
    countRecoveries: assign({
      recoveries: ({ context, event }) => context.recoveries + Number(Reflect.get(Reflect.get(event, 'output') as object, 'stuck')),
    }),
  },
  guards: {
    monitorIsOff: ({ context }) => context.monitorIntervalMs <= 0,
  },
  delays: {
    monitorInterval: ({ context }) => context.monitorIntervalMs,
  },
}).createMachine({
  id: 'supervisor',
  description: 'One process of Quire: its database, its broker, its ownership of partitions, and its monitor.',
  type: 'parallel',
  context: ({ input }) => ({ monitorIntervalMs: input.monitorIntervalMs, holder: null, recoveries: 0 }),
  states: {
    database: {
      description: 'Whether the database answers.',
      initial: 'down',
      on: {
        DATABASE_UP: { target: '.up', description: 'A round trip succeeded.' },
        DATABASE_DOWN: { target: '.down', description: 'The database is away; turns pause.' },
        DATABASE_BLOCKED: { target: '.blocked', description: 'The database refuses for a reason a person must mend.' },
      },
      states: {
        down: { description: 'The database does not answer; nothing is lost, everything waits.', tags: ['trouble'] },
        up: { description: 'The database answers.', tags: ['ready'] },
        blocked: { description: 'A person must mend the database or its settings; status says what.', tags: ['trouble'] },
      },
    },
    broker: {
      description: 'Whether the broker of the log answers; without one the log is a table of the database.',
      initial: 'absent',
      on: {
        BROKER_UP: { target: '.up', description: 'A round trip succeeded and the topics are there.' },
        BROKER_DOWN: { target: '.down', description: 'The broker is away: partitions are kept, tasks go on, timers are held.' },
        BROKER_BLOCKED: { target: '.blocked', description: 'The broker refuses for a reason a person must mend.' },
      },
      states: {
        absent: { description: 'No broker is configured.' },
        down: { description: 'The broker does not answer; what it holds is not lost, and outputs wait.', tags: ['trouble'] },
        up: { description: 'The broker answers.', tags: ['ready'] },
        blocked: { description: 'A person must mend the broker, its topics or the settings; status says what.', tags: ['trouble'] },
      },
    },
    ownership: {
      description: 'Whether this process owns partitions.',
      initial: 'none',
      on: {
        OWNING: { target: '.owning', actions: { type: 'forgetHolder' }, description: 'Partitions were claimed under a new epoch.' },
        STANDBY: { target: '.standby', actions: { type: 'nameHolder' }, description: 'Another process owns the partitions.' },
        DISOWNED: { target: '.none', actions: { type: 'forgetHolder' }, description: 'The partitions were lost or given up.' },
      },
      states: {
        none: { description: 'This process owns nothing and asks for partitions.' },
        standby: { description: 'Another process owns the partitions; this one takes over when it goes.' },
        owning: { description: 'This process steps the actors of its partitions.', tags: ['ready'] },
      },
    },
    monitor: {
      description: 'Recovery only: it looks for actors without a next cause. Nothing completes later without it.',
      initial: 'deciding',
      states: {
        deciding: {
          description: 'The interval decides whether there is a monitor.',
          always: [
            { guard: { type: 'monitorIsOff' }, target: 'off', description: 'An interval of 0 switches it off.' },
            { target: 'resting', description: 'A positive interval switches it on.' },
          ],
        },
        off: { description: 'The monitor is switched off.' },
        resting: {
          description: 'The next round comes after the interval.',
          after: { monitorInterval: { target: 'checking', description: 'The interval is over.' } },
        },
        checking: {
          description: 'The proof query runs; what it finds is woken and named in the heartbeat.',
          tags: ['busy'],
          invoke: {
            id: 'check',
            src: 'check',
            onDone: { target: 'resting', actions: { type: 'countRecoveries' }, description: 'The round is over.' },
            onError: { target: 'resting', description: 'The database was away; the next round will tell.' },
          },
        },
      },
    },
  },
})

import { assign, fromPromise, setup } from 'xstate'

/** What a failed attempt is told with; `needsPerson` marks what no waiting mends (wrong password, newer schema). */
export interface ConnectionFailure {
  readonly reason: string
  readonly needsPerson: boolean
}

/**
 * One connection to a server that may be away at any time. It never gives up: it waits with back-off and jitter, and
 * what a person must mend is said plainly and retried slowly.
 */
export const connectionMachine = setup({
  types: {
    context: {} as { failures: number; reason: string | null; waitMs: number; probeMs: number },
    input: {} as { probeMs: number },
    events: {} as { type: 'LOST'; failure: ConnectionFailure; waitMs: number } | { type: 'RETRY' } | { type: 'CLOSE' },
  },
  actors: {
    connect: fromPromise<void>(() => Promise.reject(new Error('provided by src/runtime/connection.ts'))),
    probe: fromPromise<void>(() => Promise.reject(new Error('provided by src/runtime/connection.ts'))),
  },
  actions: {
    remember: assign(({ context, event }) => {
      const told = Reflect.get(event, 'error') ?? event
      const failure = Reflect.get(told as object, 'failure') as ConnectionFailure
      return { failures: context.failures + 1, reason: failure.reason, waitMs: Number(Reflect.get(told as object, 'waitMs')) }
    }),
    forget: assign({ failures: 0, reason: null, waitMs: 0 }),
  },
  guards: {
    isProbed: ({ context }) => context.probeMs > 0,
    needsPerson: ({ event }) => {
      const told = Reflect.get(event, 'error') ?? event
      return (Reflect.get(told as object, 'failure') as ConnectionFailure).needsPerson
    },
  },
  delays: {
    backOff: ({ context }) => context.waitMs,
    slowly: ({ context }) => Math.max(30_000, context.waitMs),
    probeInterval: ({ context }) => context.probeMs,
  },
}).createMachine({
  id: 'connection',
  description: 'A connection to a server that may be away at any moment and for any time.',
  context: ({ input }) => ({ failures: 0, reason: null, waitMs: 0, probeMs: input.probeMs }),
  initial: 'connecting',
  on: {
    CLOSE: { target: '.closed', description: 'The runtime stops and needs the server no more.' },
  },
  states: {
    connecting: {
      description: 'A first round trip is under way; nothing is sent before it succeeds.',
      tags: ['busy'],
      invoke: {
        id: 'connect',
        src: 'connect',
        onDone: { target: 'up', actions: { type: 'forget' }, description: 'The server answers.' },
        onError: [
          {
            guard: { type: 'needsPerson' },
            target: 'blocked',
            actions: { type: 'remember' },
            description: 'The answer is one that waiting does not change.',
          },
          { target: 'waiting', actions: { type: 'remember' }, description: 'The server is away; this passes.' },
        ],
      },
    },
    up: {
      description: 'The server answers; work goes on.',
      tags: ['ready'],
      initial: 'trusted',
      on: {
        LOST: [
          {
            guard: { type: 'needsPerson' },
            target: 'blocked',
            actions: { type: 'remember' },
            description: 'A call was refused, and waiting does not change that.',
          },
          { target: 'waiting', actions: { type: 'remember' }, description: 'A call failed in a way that passes by itself.' },
        ],
      },
      states: {
        trusted: {
          description: 'The last call or probe succeeded.',
          after: {
            probeInterval: {
              guard: { type: 'isProbed' },
              target: 'probing',
              description: 'Nobody may have called for a while: an idle process looks, too; an interval of 0 switches that off.',
            },
          },
        },
        probing: {
          description: 'A cheap round trip is under way; calls go on meanwhile.',
          invoke: {
            id: 'probe',
            src: 'probe',
            onDone: { target: 'trusted', description: 'The server is still there.' },
            onError: [
              {
                guard: { type: 'needsPerson' },
                target: '#connection.blocked',
                actions: { type: 'remember' },
                description: 'The server refuses while nobody called, and waiting does not change that.',
              },
              {
                target: '#connection.waiting',
                actions: { type: 'remember' },
                description: 'The server went away while nobody called.',
              },
            ],
          },
        },
      },
    },
    waiting: {
      description: 'The server is away; the next attempt comes after a back-off with jitter.',
      tags: ['trouble'],
      after: {
        backOff: { target: 'connecting', description: 'The back-off is over.' },
      },
      on: {
        RETRY: { target: 'connecting', description: 'Somebody knows that the server is back.' },
      },
    },
    blocked: {
      description: 'The server refuses for a reason a person must mend; it is tried again every half minute.',
      tags: ['trouble'],
      after: {
        slowly: { target: 'connecting', description: 'Perhaps it was mended meanwhile.' },
      },
      on: {
        RETRY: { target: 'connecting', description: 'Somebody says that it was mended.' },
      },
    },
    closed: {
      type: 'final',
      description: 'The connection is not needed any more.',
    },
  },
})

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A process of the bench's own that tells what happens in it. */
export interface Forked<Message extends object> {
  /** Calls for every message from now on; returns the unsubscriber. */
  on(call: (message: Message) => void): () => void
  /** The first message from now on that is as wanted. Rejects when the process ends before. */
  until(isWanted: (message: Message) => boolean): Promise<Message>
  signal(signal: NodeJS.Signals): void
  /** SIGKILL, and the end of the process. */
  kill(): Promise<void>
  /** A clean end. */
  stop(): Promise<void>
}

/** Starts `bench/kafka/<file>` with its configuration. With QUIRE_BENCH_PROFILE=FOLDER it leaves a CPU profile there. */
export function forked<Message extends object>(file: string, config: object): Forked<Message> {
  const folder = process.env['QUIRE_BENCH_PROFILE']
  const profile = folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [JSON.stringify(config)], {
    execArgv: [...profile, '--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  child.setMaxListeners(0)
  const exited = once(child, 'exit')
  const on = (call: (message: Message) => void): (() => void) => {
    child.on('message', call)
    return () => child.off('message', call)
  }
  return {
    on,
    until: (isWanted) =>
      new Promise((resolve, reject) => {
        const ended = (): void => reject(new Error(`${file} ended too early`))
        const stop = on((message) => {
          if (isWanted(message)) {
            stop()
            child.off('exit', ended)
            resolve(message)
          }
        })
        child.once('exit', ended)
      }),
    signal: (signal) => void child.kill(signal),
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    stop: () => stopped(child, exited),
  }
}

async function stopped(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.connected) {
    child.disconnect()
  }
  await exited
}

import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { FromGuardian, ToGuardian } from './process-guardian.ts'

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  /** Beside the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** Takes standard output and error. */
  readonly log: string
}

export interface GuardedProcess {
  readonly pid: number
  /** Resolves with the exit code or the signal, in words. */
  readonly exited: Promise<string>
  /** Nothing if the process has ended. */
  signal(signal: NodeJS.Signals): void
}

/** Processes and a folder that outlive neither `close` nor this process, be it killed with SIGKILL. */
export interface GuardedProcesses {
  start(command: Command): Promise<GuardedProcess>
  /** Kills the processes that run, removes the folder. */
  close(): Promise<void>
}

/** How a process exits that `close` ended. */
export const guardianEnded = 'its guardian ended'

export function guardProcesses(folder: string): GuardedProcesses {
  const guardian = fork(fileURLToPath(new URL('./process-guardian.ts', import.meta.url)), [folder], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // In a group of its own: Ctrl-C reaches this process, not the guardian that has to clean up after it.
    detached: true,
  })
  guardian.setMaxListeners(0)
  const ended = once(guardian, 'exit')
  let count = 0
  return {
    start(command) {
      count += 1
      return startGuarded(guardian, count, command)
    },
    async close() {
      if (guardian.connected) {
        guardian.disconnect()
      }
      await ended
    },
  }
}

async function startGuarded(guardian: ChildProcess, id: number, command: Command): Promise<GuardedProcess> {
  const answers = answersOf(guardian, id)
  let running = true
  const exited = answers.exited.then((how) => {
    running = false
    return how
  })
  guardian.send({ id, ...command } satisfies ToGuardian)
  const pid = await Promise.race([answers.started, exited])
  if (typeof pid === 'string') {
    throw new Error(`${command.file} did not start: ${pid}`)
  }
  return {
    pid,
    exited,
    signal(signal) {
      if (running) {
        process.kill(pid, signal)
      }
    },
  }
}

function answersOf(guardian: ChildProcess, id: number): { readonly started: Promise<number>; readonly exited: Promise<string> } {
  let onStarted: (pid: number) => void
  let onExited: (how: string) => void
  const started = new Promise<number>((resolve) => (onStarted = resolve))
  const exited = new Promise<string>((resolve) => (onExited = resolve))
  guardian.on('message', onMessage)
  guardian.once('exit', onGuardianExit)
  function onMessage(message: FromGuardian): void {
    if (message.id === id && message.kind === 'started') {
      onStarted(message.pid)
    } else if (message.id === id && message.kind === 'exited') {
      end(message.how)
    }
  }
  function onGuardianExit(): void {
    end(guardianEnded)
  }
  function end(how: string): void {
    guardian.off('message', onMessage)
    guardian.off('exit', onGuardianExit)
    onExited(how)
  }
  return { started, exited }
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type GuardedProcess, type GuardedProcesses, guardianEnded } from '../support/guarded-processes.ts'

/** One embedding host (`examples/embedded-host`), whose lives are numbered. */
export interface HostProcess {
  readonly name: string
  readonly isRunning: boolean
  start(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
  /** SIGSTOP. */
  freeze(): void
  /** SIGCONT. */
  thaw(): void
  /** SIGTERM, and the end of the process. */
  stop(): Promise<void>
  /** What went wrong by itself: lives that ended without being killed, loops that halted. */
  complaints(): readonly string[]
}

export interface HostProcessOptions {
  readonly name: string
  /** JavaScript of the host. */
  readonly program: string
  readonly folder: string
  readonly guarded: GuardedProcesses
  readonly env: Readonly<Record<string, string>>
}

export function hostProcess({ name, program, folder, guarded, env }: HostProcessOptions): HostProcess {
  const complaints: string[] = []
  const logs: string[] = []
  let life: { readonly process: GuardedProcess; expected: boolean } | undefined

  function running(): { readonly process: GuardedProcess; expected: boolean } {
    if (life === undefined) {
      throw new Error(`${name} does not run`)
    }
    return life
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = running()
    ending.expected = true
    life = undefined
    ending.process.signal(signal)
    await ending.process.exited
  }

  return {
    name,
    get isRunning() {
      return life !== undefined
    },
    async start() {
      const log = join(folder, `${name}.${logs.length + 1}.log`)
      logs.push(log)
      const process_ = await guarded.start({
        file: process.execPath,
        args: [program],
        env: { ...env, HOST_NAME: `${name}.${logs.length}` },
        log,
      })
      const started = { process: process_, expected: false }
      life = started
      void process_.exited.then((how) => {
        if (!started.expected && how !== guardianEnded) {
          life = undefined
          complaints.push(`${name}.${logs.length} ended by itself: ${how}\n${readFileSync(log, 'utf8').slice(-2_000)}`)
        }
      })
    },
    kill: () => end('SIGKILL'),
    freeze: () => running().process.signal('SIGSTOP'),
    thaw: () => running().process.signal('SIGCONT'),
    stop: () => end('SIGTERM'),
    complaints() {
      const halts = logs.flatMap((log) =>
        readFileSync(log, 'utf8')
          .split('\n')
          .filter((line) => /the loop halted|"phase":"halted"|stands still/.test(line)),
      )
      return [...complaints, ...halts.map((line) => `${name}: ${line.slice(0, 400)}`)]
    },
  }
}

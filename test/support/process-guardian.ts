import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, rmSync } from 'node:fs'
import type { Command } from './guarded-processes.ts'

export interface ToGuardian extends Command {
  readonly id: number
}

export type FromGuardian =
  | { readonly kind: 'started'; readonly id: number; readonly pid: number }
  | { readonly kind: 'exited'; readonly id: number; readonly how: string }

/**
 * A process of its own that starts servers for a test process. When that one ends, however it ends, the system closes the channel
 * between the two: then the servers are killed, also stopped ones, and their folder is removed.
 */
const running = new Map<ChildProcess, Promise<unknown>>()

process.on('message', (message: ToGuardian) => start(message))
process.once('disconnect', () => void cleanUp())
if (!process.connected) {
  await cleanUp()
}

async function cleanUp(): Promise<void> {
  for (const server of running.keys()) {
    server.kill('SIGKILL')
  }
  await Promise.all(running.values())
  rmSync(folderOfTheServers(), { recursive: true, force: true })
  process.exit()
}

function start({ id, file, args, env, log }: ToGuardian): void {
  const output = openSync(log, 'a')
  const server = spawn(file, args, { stdio: ['ignore', output, output], env: { ...process.env, ...env } })
  closeSync(output)
  running.set(server, once(server, 'exit').catch(String))
  server.once('spawn', () => tell({ kind: 'started', id, pid: server.pid as number }))
  server.once('error', (error) => ended(String(error)))
  server.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`))
  function ended(how: string): void {
    running.delete(server)
    tell({ kind: 'exited', id, how })
  }
}

function tell(message: FromGuardian): void {
  if (process.connected) {
    process.send?.(message)
  }
}

function folderOfTheServers(): string {
  const [, , folder] = process.argv
  if (folder === undefined) {
    throw new Error('the guardian is started with the folder that it removes')
  }
  return folder
}

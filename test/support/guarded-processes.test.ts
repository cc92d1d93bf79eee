import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { guardProcesses } from './guarded-processes.ts'

const patient = 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)'

test('a process writes its log, hears signals, and its end is known', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quire-guarded-'))
  const guarded = guardProcesses(folder)
  const log = join(folder, 'log')
  const server = await guarded.start({ file: process.execPath, args: ['-e', patient], log })
  await vi.waitUntil(async () => (await readFile(log, 'utf8')) === 'up\n', { timeout: 20_000 })
  server.signal('SIGTERM')
  server.signal('SIGKILL')
  expect(await server.exited).toBe('SIGKILL')
  server.signal('SIGKILL')

  const failing = await guarded.start({ file: process.execPath, args: ['-e', 'process.exit(3)'], log })
  expect(await failing.exited).toBe('exit code 3')
  await expect(guarded.start({ file: join(folder, 'no-such-command'), args: [], log })).rejects.toThrow('ENOENT')
  await guarded.close()
  expect(existsSync(folder)).toBe(false)
})

test('kill -9 of the process that started them ends its processes, stopped ones too, and removes their folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'quire-guarded-'))
  const script = join(folder, 'owner.mts')
  const module = fileURLToPath(new URL('./guarded-processes.ts', import.meta.url))
  await writeFile(
    script,
    `import { guardProcesses } from ${JSON.stringify(module)}
     const guarded = guardProcesses(${JSON.stringify(folder)})
     const start = () => guarded.start({ file: process.execPath, args: ['-e', ${JSON.stringify(patient)}], log: ${JSON.stringify(join(folder, 'log'))} })
     const [running, stopped] = [await start(), await start()]
     stopped.signal('SIGSTOP')
     process.send([running.pid, stopped.pid])`,
  )
  const owner = fork(script, [], { execArgv: ['--import', 'tsx'] })
  const [pids] = (await once(owner, 'message')) as [number[]]
  expect(pids.map(isAlive)).toEqual([true, true])
  owner.kill('SIGKILL')
  await vi.waitFor(() => expect([...pids.map(isAlive), existsSync(folder)]).toEqual([false, false, false]), { timeout: 20_000 })
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

import { execFile } from 'node:child_process'
import { builtCommand } from './built-command.ts'

export interface Ran {
  readonly code: number
  /** The last line of stdout, where it is one JSON object. */
  readonly json: Record<string, unknown>
  readonly stdout: string
  readonly stderr: string
}

/** Nothing of the machine's own settings reaches the command. */
const bare = { QUIRE_DATABASE_URL: '', QUIRE_DATA_DIR: '', QUIRE_OPENAI_API_KEY: '', OPENAI_API_KEY: '', OPENAI_BASE_URL: '' }

/** Runs the command as a user does, from source. */
export function quire(...args: string[]): Promise<Ran> {
  return quireWith({}, ...args)
}

/** With variables of its own. */
export function quireWith(environment: Readonly<Record<string, string>>, ...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [builtCommand, ...args], { env: { ...process.env, ...bare, ...environment } }, (error, stdout, stderr) => {
      const last = stdout.trimEnd().split('\n').at(-1) ?? ''
      resolve({
        code: error === null ? 0 : Number(error.code),
        json: last.startsWith('{') ? (JSON.parse(last) as Record<string, unknown>) : {},
        stdout,
        stderr,
      })
    })
  })
}

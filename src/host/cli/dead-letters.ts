import { userInfo } from 'node:os'
import { batchAddress } from '../../batch/request.ts'
import type { StoredDeadLetter } from '../../runtime/ports.ts'
import { CommandError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'
import { withStored } from './inspect.ts'
import type { Output } from './output.ts'
import type { Stored } from './stored.ts'

type Options = Readonly<Record<string, string | boolean | undefined>>

const pageSize = 1_000

export async function listDeadLetters(options: Options, output: Output): Promise<void> {
  const { batch } = options
  const letters = await withStored(options, output, (stored) =>
    stored.deadLetters({
      limit: pageSize,
      ...(options['all'] === true ? {} : { replayed: false }),
      ...(typeof batch === 'string' ? { address: batchAddress(batch) } : {}),
    }),
  )
  const items = letters.map(({ body: _, ...item }) => ({ ...item, at: new Date(item.at).toISOString() }))
  const lines = items.map(
    ({ id, at, cause, message, replayed }) => `${at}  ${id}  ${cause}${replayed ? '  (replayed)' : ''}\n    ${message}`,
  )
  const more = items.length === pageSize
  const rest = more ? [`only the oldest ${pageSize} are listed; replay or discard some, or name a --batch`] : []
  output.result({ deadLetters: items, more }, lines.length === 0 ? ['no dead letters'] : [...lines, ...rest])
}

export async function showDeadLetter(id: string, options: Options, output: Output): Promise<void> {
  const letter = await withStored(options, output, (stored) => letterOf(id, stored))
  const at = new Date(letter.at).toISOString()
  output.result({ ...letter, at }, [
    `${letter.id}: ${letter.cause}`,
    letter.message,
    `${letter.kind} for ${letter.address}, ${at}`,
    letter.body,
  ])
}

export async function replayDeadLetter(id: string, options: Options, output: Output): Promise<void> {
  const position = await withStored(options, output, async (stored) => {
    await letterOf(id, stored)
    return await stored.replay(id, whoActs(options))
  })
  const where =
    position === null ? 'it is offered again' : `it is in the mailbox, partition ${position.partition}, offset ${position.offset}`
  output.result({ id, position }, [`${id}: ${where}`])
}

export async function discardDeadLetter(id: string, options: Options, output: Output): Promise<void> {
  await withStored(options, output, async (stored) => {
    await letterOf(id, stored)
    await stored.discard(id, whoActs(options))
  })
  output.result({ id, discarded: true }, [`${id}: discarded`])
}

/** Kept in the journal. */
function whoActs({ reason }: Options): { readonly by: string; readonly reason?: string } {
  return { by: userInfo().username, ...(typeof reason === 'string' ? { reason } : {}) }
}

async function letterOf(id: string, stored: Stored): Promise<StoredDeadLetter> {
  const [letter] = await stored.deadLetters({ id, limit: 1 })
  if (letter === undefined) {
    throw new CommandError(exitCodes.badInput, `there is no dead letter '${id}'; \`quire dead-letters list\` lists them`)
  }
  return letter
}

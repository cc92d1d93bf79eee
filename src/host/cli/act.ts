import { userInfo } from 'node:os'
import type { BatchProgress } from '../../batch/progress.ts'
import { batchAddress } from '../../batch/request.ts'
import { CommandError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'
import { withStored } from './inspect.ts'
import type { Output } from './output.ts'
import type { Stored } from './stored.ts'

type Options = Readonly<Record<string, string | boolean | undefined>>

/** `quire cancel` and `quire force`: an event of an operator, named in the journal. A refusal says why, with the numbers. */
export async function actCommand(name: 'cancel' | 'force', batch: string, options: Options, output: Output): Promise<void> {
  const address = batchAddress(batch)
  await withStored(options, output, async (stored) => {
    await assertOpen(stored, address, batch)
    await stored.act(address, { type: name.toUpperCase(), by: userInfo().username } as { readonly type: string })
    const refusal = await refusalOf(stored, address)
    const { progress, state } = await stored.inspect(address)
    if (refusal !== undefined) {
      throw new CommandError(exitCodes.refused, `${batch} cannot be forced in ${state}: ${refusal}`)
    }
    const { status } = progress as BatchProgress
    output.result({ batch, state, status, act: name }, [
      `${batch}: ${name === 'cancel' ? 'cancelled' : 'forced'}; it is ${state} (${status})`,
    ])
  })
}

async function assertOpen(stored: Stored, address: string, batch: string): Promise<void> {
  const found = await stored.inspect(address)
  if (found.runStatus !== 'active') {
    throw new CommandError(exitCodes.refused, `${batch} is ${found.state} already; nothing was changed`)
  }
}

/** Why the last step refused to force, if it did. */
async function refusalOf(stored: Stored, address: string): Promise<string | undefined> {
  const last = (await stored.journal(address)).findLast((entry) => entry.kind === 'event')
  const note = last?.notes.find((item) => (item as { readonly refused?: string } | null)?.refused === 'FORCE')
  return note === undefined ? undefined : String((note as { readonly reason: string }).reason)
}

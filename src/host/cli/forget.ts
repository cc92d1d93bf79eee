import { userInfo } from 'node:os'
import { systemIds } from '../../runtime/system.ts'
import { forgetBatch } from '../forget-batch.ts'
import { withStored } from './inspect.ts'
import type { Output } from './output.ts'

type Options = Readonly<Record<string, string | boolean | undefined>>

/** `quire forget`: erases everything stored of a batch; says what it cannot reach. */
export async function forgetCommand(batch: string, options: Options, output: Output): Promise<void> {
  const { reason, running } = options
  const order = { batch, by: userInfo().username, id: `forget-${systemIds.next()}`, running: running === true }
  const done = await withStored(options, output, (stored) =>
    forgetBatch(stored, { ...order, ...(typeof reason === 'string' ? { reason } : {}) }),
  )
  const { archive } = done
  const file =
    archive === null
      ? []
      : [
          archive.deleted
            ? `its archive ${archive.name} is deleted`
            : `delete its archive ${archive.name} by hand: QUIRE_ARCHIVE_DIR is not set`,
        ]
  output.result({ ...done, act: 'forget' }, [`${batch}: forgotten; a tombstone keeps its id`, ...file])
}

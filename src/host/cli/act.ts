import { userInfo } from 'node:os'
import { systemIds } from '../../runtime/system.ts'
import { type OperatorAct, operate } from '../operator.ts'
import { withStored } from './inspect.ts'
import type { Output } from './output.ts'

type Options = Readonly<Record<string, string | boolean | undefined>>

const past: Readonly<Record<OperatorAct, string>> = { cancel: 'cancelled', force: 'forced', pause: 'paused', resume: 'resumed' }

/** `quire cancel`, `force`, `pause` and `resume`: an event of an operator, named in the journal. A refusal says why, with the numbers. */
export async function actCommand(act: OperatorAct, batch: string, options: Options, output: Output): Promise<void> {
  const { reason } = options
  const order = { batch, act, by: userInfo().username, id: `operator-${systemIds.next()}` }
  const done = await withStored(options, output, (stored) =>
    operate(stored, { ...order, ...(typeof reason === 'string' ? { reason } : {}) }),
  )
  output.result({ ...done, act }, [`${batch}: ${past[act]}; it is ${done.state} (${done.status})`])
}

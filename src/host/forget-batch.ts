import { batchAddress } from '../batch/request.ts'
import { isQuireError } from '../runtime/errors.ts'
import type { Explanation } from '../runtime/explain.ts'
import type { Forgotten } from '../runtime/forget.ts'
import { ActRefused } from './act-refused.ts'
import type { Stored } from './cli/stored.ts'

export interface ForgetOrder {
  readonly batch: string
  /** Who orders it: kept in the journal. */
  readonly by: string
  readonly reason?: string
  /** Also a batch that goes on; the platform is not told of its end. */
  readonly running?: boolean
  /** Message id: the same order sent again counts once. */
  readonly id: string
}

export type ForgottenBatch = { readonly batch: string } & Forgotten

/**
 * Erases a batch: texts, verdicts, payloads of journal and outbox, dead letters, held messages and its archive. Also one that
 * was archived or forgotten before, and what came of requests that never became a batch.
 * @throws ActRefused for a batch that goes on; QuireError `unknown-actor`, `mailbox-unavailable`, `timeout`
 */
export async function forgetBatch(
  stored: Pick<Stored, 'inspect' | 'forget' | 'deadLetters'>,
  { batch, running, ...who }: ForgetOrder,
): Promise<ForgottenBatch> {
  const address = batchAddress(batch)
  const found = await inspected(address, stored)
  if (found?.runStatus === 'active' && running !== true) {
    throw new ActRefused(`${batch} is ${found.state}; cancel it first, or forget it running: then the platform is not told of its end`)
  }
  return { batch, ...(await stored.forget(address, who)) }
}

/** The batch as it is; undefined when it is gone, or was never born but left dead letters. */
async function inspected(address: string, stored: Pick<Stored, 'inspect' | 'deadLetters'>): Promise<Explanation | undefined> {
  try {
    return await stored.inspect(address)
  } catch (error) {
    const hasLetters = isQuireError(error, 'unknown-actor') && (await stored.deadLetters({ address, limit: 1 })).length > 0
    if (!hasLetters && !isQuireError(error, 'actor-gone')) {
      throw error
    }
    return undefined
  }
}

import { cjBatchId } from '../batch/wire-ids.ts'

const prefix = 'batch/'

/** The BOS batch id of an actor's address; undefined for another kind of actor. */
export function batchOf(address: string): string | undefined {
  return address.startsWith(prefix) ? address.slice(prefix.length) : undefined
}

/** The ids of the batch that `fields.address` names, under the names other services log them by. */
export function batchIdsOf(fields: object): { readonly bos_batch_id?: string; readonly cj_batch_id?: string } {
  const address: unknown = Reflect.get(fields, 'address')
  const batch = typeof address === 'string' ? batchOf(address) : undefined
  return batch === undefined || typeof address !== 'string' ? {} : { bos_batch_id: batch, cj_batch_id: cjBatchId(address) }
}

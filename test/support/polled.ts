import type { MailboxRecord } from '../../src/runtime/message.ts'
import type { Mailbox, ReadPosition } from '../../src/runtime/ports.ts'

/** Polls at each of the mailbox's wakes, and by no time, until a poll brings what is wanted. A mailbox that never wakes never brings it. */
export async function polledUntil(
  mailbox: Pick<Mailbox, 'poll' | 'subscribe'>,
  from: () => readonly ReadPosition[],
  limit: number,
  isEnough: (records: readonly MailboxRecord[]) => boolean,
): Promise<readonly MailboxRecord[]> {
  let woken = (): void => {}
  let wake = new Promise<void>((resolve) => (woken = resolve))
  const unsubscribe = mailbox.subscribe(() => woken())
  try {
    for (;;) {
      const { records } = await mailbox.poll(from(), limit)
      if (isEnough(records)) {
        return records
      }
      await wake
      wake = new Promise<void>((resolve) => (woken = resolve))
    }
  } finally {
    unsubscribe()
  }
}

/** The records of one partition from an offset on, once there are so many. */
export function polled(
  mailbox: Pick<Mailbox, 'poll' | 'subscribe'>,
  place: { readonly partition: number; readonly offset: number },
  count: number,
): Promise<readonly MailboxRecord[]> {
  return polledUntil(
    mailbox,
    () => [{ ...place, lastRecord: null }],
    count + 1,
    (records) => records.length >= count,
  )
}

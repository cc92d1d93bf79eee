import { useEffect, useState } from 'preact/hooks'
import { type BatchDetail, type DeadLetter, type JournalEntry, readBatch, readDeadLetters, readJournal } from '../service/batch-api.ts'
import { CallError } from '../service/call.ts'
import { follow } from '../service/stream.ts'
import { throttled } from '../throttled.ts'

export interface BatchData {
  readonly detail: BatchDetail | null
  readonly entries: readonly JournalEntry[]
  readonly deadLetters: readonly DeadLetter[]
  /** Why nothing can be shown. */
  readonly problem: string | null
}

const nothing: BatchData = { detail: null, entries: [], deadLetters: [], problem: null }

/** Shortest time between two looks, ms. */
const lookEveryMs = 250

/** One batch, live: the stream says that something was committed, the journal says what. */
export function useBatch(batch: string): BatchData & { readonly reload: () => void } {
  const [data, setData] = useState(nothing)
  const [look, setLook] = useState<() => void>(() => () => undefined)
  useEffect(() => {
    let entries: readonly JournalEntry[] = []
    const reader = throttled(lookEveryMs, async () => {
      try {
        const more = await readJournal(batch, entries.at(-1)?.position.entry ?? -1)
        const [detail, deadLetters] = await Promise.all([readBatch(batch), readDeadLetters(batch)])
        entries = more.length === 0 ? entries : [...entries, ...more]
        setData({ detail, entries, deadLetters, problem: null })
      } catch (error) {
        if (error instanceof CallError && error.status === 404) {
          setData({ ...nothing, problem: error.message })
        } else {
          reader.ask()
        }
      }
    })
    setLook(() => reader.ask)
    reader.ask()
    const unfollow = follow(batch, { onTransition: reader.ask, onConnected: reader.ask, onLost: () => undefined })
    return () => {
      unfollow()
      reader.end()
    }
  }, [batch])
  return { ...data, reload: look }
}

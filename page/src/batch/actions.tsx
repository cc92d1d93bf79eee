import { useEffect, useRef, useState } from 'preact/hooks'
import type { BatchDetail, DeadLetter } from '../service/batch-api.ts'
import { newKey, post } from '../service/call.ts'

/** Something an operator may do, and what it means. */
interface Act {
  readonly name: string
  readonly path: string
  readonly about: string
}

interface Props {
  readonly detail: BatchDetail
  readonly deadLetters: readonly DeadLetter[]
  readonly onDone: () => void
}

/** What an operator may do with the batch; each act is confirmed. */
export function Actions({ detail, deadLetters, onDone }: Props) {
  const [act, setAct] = useState<Act | null>(null)
  const acts = actsOf(detail, deadLetters)
  if (acts.length === 0) {
    return null
  }
  return (
    <div class="actions" role="group" aria-label="Actions">
      {acts.map((each) => (
        <button key={each.path} type="button" onClick={() => setAct(each)}>
          {each.name}
        </button>
      ))}
      {act !== null && <Confirmation act={act} batch={detail.batch} onClose={() => setAct(null)} onDone={onDone} />}
    </div>
  )
}

function actsOf({ batch, runStatus, paused }: BatchDetail, deadLetters: readonly DeadLetter[]): Act[] {
  const path = (name: string): string => `v1/batches/${encodeURIComponent(batch)}/${name}`
  const pause = paused
    ? { name: 'Resume', path: path('resume'), about: 'The batch goes on where it was paused.' }
    : { name: 'Pause', path: path('pause'), about: 'Outcomes are counted, but nothing is submitted and nothing is decided.' }
  const own = [
    pause,
    { name: 'Force', path: path('force'), about: 'It is finished with what it has; refused while too little is settled.' },
    { name: 'Cancel', path: path('cancel'), about: 'It ends as cancelled. This cannot be undone.' },
  ]
  const replays = deadLetters.map(({ id, cause, message }) => ({
    name: `Replay ${cause}`,
    path: `v1/dead-letters/${encodeURIComponent(id)}/replay`,
    about: `The message that could not be handled is sent again: ${message}`,
  }))
  return [...(runStatus === 'active' ? own : []), ...replays]
}

interface ConfirmationProps {
  readonly act: Act
  readonly batch: string
  readonly onClose: () => void
  readonly onDone: () => void
}

/** The key is made with the question: sending it twice acts once. */
function Confirmation({ act, batch, onClose, onDone }: ConfirmationProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [key] = useState(newKey)
  const [reason, setReason] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const [isSending, setSending] = useState(false)
  useEffect(() => dialog.current?.showModal(), [])
  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    setSending(true)
    try {
      await post(act.path, key, reason.trim() === '' ? {} : { reason: reason.trim() })
      onDone()
      dialog.current?.close()
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
      setSending(false)
    }
  }
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="act-title" aria-describedby="act-about">
      <form onSubmit={(event) => void send(event)}>
        <h3 id="act-title">
          {act.name}: {batch}?
        </h3>
        <p id="act-about">{act.about}</p>
        <label>
          Reason, kept in the journal
          <input maxLength={500} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        {problem !== null && <p role="alert">{problem}</p>}
        <div class="actions">
          <button type="button" class="quiet" onClick={() => dialog.current?.close()}>
            Back
          </button>
          <button type="submit" disabled={isSending}>
            {act.name} it
          </button>
        </div>
      </form>
    </dialog>
  )
}

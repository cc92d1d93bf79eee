import { useEffect, useState } from 'preact/hooks'
import { BatchView } from './batch/batch-view.tsx'
import { BatchList } from './batches/batch-list.tsx'
import { hrefOf, useRoute } from './route.ts'
import { listBatches } from './service/batch-api.ts'
import { CallError, keepToken, readToken } from './service/call.ts'
import { TokenForm } from './token-form.tsx'

type Access = 'asking' | 'open' | 'locked' | 'refused'

/** The page: the door, then the list beside the batch that the address names. */
export function App() {
  const { batch } = useRoute()
  const { access, enter, leave } = useAccess()
  const [isConnected, setConnected] = useState(true)
  useEffect(() => void (document.title = batch === null ? 'Quire' : `${batch} - Quire`), [batch])
  if (access === 'asking') {
    return <main class="door" aria-busy="true" />
  }
  if (access !== 'open') {
    return <TokenForm isRefused={access === 'refused'} onToken={enter} />
  }
  return (
    <div class={batch === null ? 'app' : 'app has-batch'}>
      <header class="top">
        <h1>
          <a href={hrefOf(null)}>Quire</a>
        </h1>
        <p class={isConnected ? 'link up' : 'link down'} role="status">
          {isConnected ? 'live' : 'no connection, trying again'}
        </p>
        {readToken() !== null && (
          <button type="button" class="quiet" onClick={leave}>
            Forget the token
          </button>
        )}
      </header>
      <BatchList selected={batch} onConnection={setConnected} />
      <main class="stage">
        {batch === null ? <p class="empty">Choose a batch to see where it stands.</p> : <BatchView key={batch} batch={batch} />}
      </main>
    </div>
  )
}

/** The service writes into its page whether it wants a token. */
const asksForToken = document.documentElement.dataset['token'] !== 'none'

/** Whether the service lets this tab in: one call tells. Without an answer it is asked again. */
function useAccess() {
  const [access, setAccess] = useState<Access>('asking')
  const ask = async (): Promise<void> => {
    try {
      await listBatches('all', null)
      setAccess('open')
    } catch (error) {
      const isLocked = error instanceof CallError && (error.status === 401 || error.status === 403)
      if (isLocked) {
        setAccess(readToken() === null ? 'locked' : 'refused')
        keepToken(null)
      } else {
        setTimeout(() => void ask(), 1_000)
      }
    }
  }
  useEffect(() => (asksForToken && readToken() === null ? setAccess('locked') : void ask()), [])
  return {
    access,
    enter(token: string) {
      keepToken(token)
      void ask()
    },
    leave() {
      keepToken(null)
      location.reload()
    },
  }
}

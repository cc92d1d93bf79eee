import { useEffect, useState } from 'preact/hooks'

/** What the address names: the list, or a batch. */
export interface Route {
  readonly batch: string | null
}

/** `#/batches/ID` */
export function hrefOf(batch: string | null): string {
  return batch === null ? '#/' : `#/batches/${encodeURIComponent(batch)}`
}

function routeOf(hash: string): Route {
  const named = /^#\/batches\/([^/]+)$/.exec(hash)?.[1]
  try {
    return { batch: named === undefined ? null : decodeURIComponent(named) }
  } catch {
    return { batch: null }
  }
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => routeOf(location.hash))
  useEffect(() => {
    const read = (): void => setRoute(routeOf(location.hash))
    addEventListener('hashchange', read)
    return () => removeEventListener('hashchange', read)
  }, [])
  return route
}

import type { Content } from '../../src/index.ts'

/** Essays from a content service: `GET <url>/<storage id>` answers with the text. */
export function contentOverHttp(url: string): Content {
  return {
    async fetch(storageId, { signal }) {
      const response = await fetch(`${url}/${encodeURIComponent(storageId)}`, { signal })
      if (response.status === 404) {
        throw Object.assign(new Error(`there is no text ${storageId}`), { code: 'RESOURCE_NOT_FOUND' })
      }
      if (!response.ok) {
        throw new Error(`the content service answered ${response.status}`)
      }
      return await response.text()
    },
  }
}

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { errorCatalogue, isQuireError, QuireError } from '../../src/runtime/errors.ts'

it('every error code stands in docs/errors.md with its remedy, and nothing else does', () => {
  const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
  const rows = [...text.matchAll(/^\| `([a-z-]+)` *\| (.+?) *\|$/gm)].map(([, code, remedy]) => [code, remedy])
  expect(Object.fromEntries(rows)).toEqual(errorCatalogue)
})

it('an error is known by its brand, also to another copy of the package', () => {
  const error = new QuireError('timeout', 'too late', { details: { ms: 5 } })
  expect(isQuireError(error)).toBe(true)
  expect(isQuireError(error, 'stopped')).toBe(false)
  expect(isQuireError(new Error('timeout'))).toBe(false)
})

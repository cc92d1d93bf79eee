import type { Json } from './define-actor.ts'
import { QuireError } from './errors.ts'

/**
 * Checks that JSON gives `value` back unchanged. `undefined` in an object is allowed (it is dropped);
 * in an array it is refused, like Date, Map, Set, BigInt, NaN, functions and every other class instance.
 * @throws QuireError `snapshot-lossy` with the path of the first such value
 */
export function assertLossless(value: unknown, path: string): void {
  const complaint = complaintAbout(value)
  if (complaint === undefined) {
    return
  }
  const at = `${path}${complaint.path}`
  throw new QuireError('snapshot-lossy', `${at} holds ${complaint.what}, which JSON would destroy; store a plain JSON value instead`, {
    details: { path: at },
  })
}

type Complaint = { readonly path: string; readonly what: string }

function complaintAbout(value: unknown): Complaint | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined
    case 'number':
      return Number.isFinite(value) ? undefined : { path: '', what: String(value) }
    case 'object':
      return value === null ? undefined : Array.isArray(value) ? complaintAboutItems(value) : complaintAboutFields(value)
    default:
      return { path: '', what: typeof value === 'undefined' ? 'undefined' : `a ${typeof value}` }
  }
}

function complaintAboutItems(items: readonly unknown[]): Complaint | undefined {
  for (let index = 0; index < items.length; index++) {
    const complaint = complaintAbout(items[index])
    if (complaint !== undefined) {
      return { path: `[${index}]${complaint.path}`, what: complaint.what }
    }
  }
  return undefined
}

function complaintAboutFields(value: object): Complaint | undefined {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    return { path: '', what: `a ${value.constructor?.name ?? 'class instance'}` }
  }
  for (const [key, field] of Object.entries(value)) {
    const complaint = field === undefined ? undefined : complaintAbout(field)
    if (complaint !== undefined) {
      return { path: `.${key}${complaint.path}`, what: complaint.what }
    }
  }
  return undefined
}

const suspicious = /\\u0000|\\ud[89a-f]|\u0000/i

/** True when JSON text may hold U+0000 or half a surrogate pair, which Postgres or UTF-8 would refuse. */
export function mayBeIllFormed(json: string): boolean {
  return suspicious.test(json) || !json.isWellFormed()
}

/** The value with every string made well-formed and free of U+0000 (both become U+FFFD). Same value back when nothing was wrong. */
export function repairStrings<T extends Json | undefined>(value: T): T
export function repairStrings(value: Json | undefined): Json | undefined {
  if (typeof value === 'string') {
    return value.toWellFormed().replaceAll('\u0000', '\ufffd')
  }
  if (Array.isArray(value)) {
    return value.map((item: Json) => repairStrings(item))
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [repairStrings(key), repairStrings(field)]))
  }
  return value
}

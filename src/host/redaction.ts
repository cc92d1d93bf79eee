/** Fields that hold a secret or a text of a pupil, whatever object they stand in. */
const secretField =
  /^(.*token|.*password|.*passwd|.*secret|.*api[-_]?key|authorization|cookie|set-cookie|.*prompt|text|texts|essays?_?text|body|justification|connection_?string|database_?url)$/i

const credentials = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi
const bearer = /\b(bearer|basic)\s+[\w.~+/=-]+/gi

/** Deeper than this nothing is logged. */
const deepest = 6

/** A copy fit for a log: secret fields are blanked, credentials inside of texts too; errors become name, message, code and stack. */
export function redacted(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') {
    return value.replace(credentials, '$1[redacted]@').replace(bearer, '$1 [redacted]')
  }
  if (typeof value !== 'object' || value === null) {
    return value
  }
  if (depth >= deepest) {
    return '[deep]'
  }
  if (Array.isArray(value)) {
    return value.slice(0, 100).map((item) => redacted(item, depth + 1))
  }
  if (value instanceof Date) {
    return value.toISOString()
  }
  const fields = value instanceof Error ? fieldsOf(value) : value
  return Object.fromEntries(Object.entries(fields).map(([name, item]) => [name, blank(name, item) ?? redacted(item, depth + 1)]))
}

/** Numbers and truth values (counts of tokens) tell nothing. */
function blank(name: string, value: unknown): string | undefined {
  const tells = (typeof value === 'string' && value !== '') || (typeof value === 'object' && value !== null)
  return tells && secretField.test(name) ? '[redacted]' : undefined
}

function fieldsOf(error: Error): object {
  return { name: error.name, message: error.message, code: Reflect.get(error, 'code'), stack: error.stack, cause: error.cause }
}

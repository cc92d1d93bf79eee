/** Of a post: another call with the same content meets the same answer (domain 4.6, 9). */
const permanentCodes: ReadonlySet<string> = new Set([
  'VALIDATION_ERROR',
  'MISSING_REQUIRED_FIELD',
  'CONFIGURATION_ERROR',
  'INVALID_REQUEST',
  'INVALID_API_KEY',
  'AUTHENTICATION_ERROR',
  'AUTHORIZATION_ERROR',
  'QUOTA_EXCEEDED',
  'LLM_INVALID_PROMPT',
  'LLM_CONTENT_TOO_LONG',
  'LLM_COST_LIMIT_EXCEEDED',
])

/** Codes of the operating system and of HTTP clients, e.g. ECONNREFUSED, UND_ERR_SOCKET, ERR_INVALID_STATE, ABORT_ERR. */
const ofTransport = /^(E[A-Z0-9]+|UND_ERR_\w+|ERR_\w+|ABORT_ERR|CERT_\w+)$/

/** A post that was answered, but not accepted. `permanent`: another call meets the same answer. */
export class PostRefused extends Error {
  readonly code: string
  readonly permanent: boolean
  constructor(code: string, message: string, permanent: boolean) {
    super(message)
    this.name = 'PostRefused'
    this.code = code
    this.permanent = permanent
  }
}

/** The domain's code of a post that failed: one without a code, or with one of the transport, is a connection that failed. */
export function postErrorCode(code: unknown): string {
  return typeof code !== 'string' || code === '' || ofTransport.test(code) ? 'CONNECTION_ERROR' : code
}

/** True for a code that no other call with the same content can help. */
export function isPermanentCode(code: string): boolean {
  return permanentCodes.has(code)
}

/** True for a failed post that another call cannot help: it says so itself, or its code does. */
export function isPermanentPost(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) {
    return false
  }
  const said: unknown = Reflect.get(error, 'permanent')
  return typeof said === 'boolean' ? said : isPermanentCode(postErrorCode(Reflect.get(error, 'code')))
}

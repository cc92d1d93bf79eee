import type { AssignmentParts } from '../../batch/assignments/instruction-text.ts'
import type { Subject } from '../../batch/assignments/instructions.ts'
import type { Content } from '../../batch/judge.ts'
import type { Json } from '../../runtime/define-actor.ts'
import { messageOf } from '../../runtime/errors.ts'
import type { ApiParts } from './api.ts'
import { ApiError, unavailable } from './api-error.ts'

/** What a call needs to store and to read texts; a content service that fails is told to the caller. */
export function storing({ quire, content, clock, stopping }: ApiParts): AssignmentParts {
  return { rows: quire.rows, content: toldToCallers(content), signal: stopping, now: clock.now() }
}

function toldToCallers(content: Content): Content {
  const { store } = content
  return {
    fetch: (storageId, scope) => content.fetch(storageId, scope).catch((error: unknown) => tell(error)),
    ...(store === undefined ? {} : { store: (text, scope) => store.call(content, text, scope).catch((error: unknown) => tell(error)) }),
  }
}

function tell(error: unknown): never {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined
  throw code === 'RESOURCE_NOT_FOUND'
    ? new ApiError(404, 'text-not-found', `${messageOf(error)}; store it again`)
    : unavailable(`the content service did not do it (${messageOf(error)}); try again`)
}

/** Who did what to an assignment or a course: in the log at once, and in its journal, for whoever asks later. */
export async function journalled(
  subject: Subject,
  what: string,
  details: Record<string, Json>,
  actor: string,
  parts: ApiParts,
): Promise<void> {
  const { ids, log, quire } = parts
  log.info({ subject, ...details, by: actor }, what)
  await quire.note(`${subject.kind}/${encodeURIComponent(subject.id)}`, { what, details }, { by: actor, id: `note-${ids.next()}` })
}

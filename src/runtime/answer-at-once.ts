import type { TaskResult } from './define-actor.ts'
import { assertLossless } from './strict-json.ts'
import type { TurnDraft } from './turn-draft.ts'
import type { TaskRow } from './turn-rows.ts'
import { settle } from './turn-steps.ts'

/** Answers in one turn at most: what is left is opened as tasks, so that neither many actors nor a loop of one hold up the process. */
const mostAnswers = 20

/** Ends the tasks which this turn opened and whose definition answers at once, and those that their ends open. */
export function answerAtOnce(draft: TurnDraft): void {
  let answers = 0
  for (let tasks = draft.takeAnswerable(); tasks.length > 0; tasks = draft.takeAnswerable()) {
    for (const task of tasks) {
      const result = answers < mostAnswers ? answerOf(task, draft) : undefined
      if (result !== undefined) {
        answers += 1
        settle({ task, result: { ok: true, output: result.output }, rows: result.rows ?? [] }, draft)
      }
    }
  }
}

/** What throws here is called as a task, where it has its attempts and its error reaches the machine. */
function answerOf(task: TaskRow, draft: TurnDraft): TaskResult | undefined {
  const atOnce = draft.actors.get(task.address)?.kind.definition.tasks?.[task.source]?.atOnce
  try {
    const result = atOnce?.(JSON.parse(task.input ?? 'null') as never)
    if (result?.output !== undefined) {
      assertLossless(result.output, `output of task '${task.id}'`)
    }
    return result
  } catch {
    return undefined
  }
}

import type { Coverage } from '../../visualizations/build/coverage.ts'

const noPrompt = 'the worlds of the tours request batches without a prompt; test/machines/batch-events.test.ts and test/batch take it'
const noAssignment =
  'the worlds of the tours request batches without an assignment; test/batch/assignment.test.ts and test/service/grades.test.ts take it'

/** What no tour can see, by machine, each with the argument why. A line that is seen after all fails the tests. */
export const unreachable: Readonly<Record<string, Coverage['unreachable']>> = {
  batch: [
    { id: 'batch.INITIALIZING|always|1', why: noAssignment },
    { id: 'batch.INITIALIZING|PROMPT_FETCHED|0', why: noPrompt },
    { id: 'batch.INITIALIZING|PROMPT_FAILED|0', why: noPrompt },
    { id: 'batch.INITIALIZING|ASSIGNMENT_FOUND|0', why: noAssignment },
    { id: 'batch.INITIALIZING|ASSIGNMENT_FAILED|0', why: noAssignment },
    { id: 'batch.INITIALIZING|RUBRIC_FETCHED|0', why: noAssignment },
    { id: 'batch.INITIALIZING|RUBRIC_FAILED|0', why: noAssignment },
  ],
}

import type { Coverage } from '../../visualizations/build/coverage.ts'

const noPrompt = 'the worlds of the tours request batches without a prompt; test/machines/batch-events.test.ts and test/batch take it'

/** What no tour can see, by machine, each with the argument why. A line that is seen after all fails the tests. */
export const unreachable: Readonly<Record<string, Coverage['unreachable']>> = {
  batch: [
    { id: 'batch.INITIALIZING|PROMPT_FETCHED|0', why: noPrompt },
    { id: 'batch.INITIALIZING|PROMPT_FAILED|0', why: noPrompt },
  ],
}

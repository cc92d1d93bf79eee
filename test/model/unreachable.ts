import type { Coverage } from '../../visualizations/build/coverage.ts'

/** What no tour can see, by machine, each with the argument why. A line that is seen after all fails the tests. */
export const unreachable: Readonly<Record<string, Coverage['unreachable']>> = {}

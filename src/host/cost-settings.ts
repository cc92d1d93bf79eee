import { decimal, settingsOf } from './setting.ts'

const budget = settingsOf('Budget and completion')

/** What answers may cost, by what they say themselves. */
export const costSettings = {
  maxBatchCostUsd: budget.given(decimal('USD', 0, 1_000_000), '0', {
    name: 'QUIRE_MAX_BATCH_COST_USD',
    about: 'A batch that has cost so much asks nothing more and pauses; resuming it allows as much again. 0 = no limit.',
  }),
  maxDailyCostUsd: budget.given(decimal('USD', 0, 10_000_000), '0', {
    name: 'QUIRE_MAX_DAILY_COST_USD',
    about: 'When the answers of a UTC day have cost so much, batches pause until the next one, or until they are resumed. 0 = no limit.',
  }),
} as const

import { comparisonId } from '../../batch/comparison-id.ts'
import { noBrief } from '../../batch/judging-brief.ts'
import { batchAddress } from '../../batch/request.ts'
import { buildPrompt } from '../../batch/tasks/prompt.ts'
import { coverageCap, workCap } from '../../judging/work-cap.ts'
import type { Policy } from '../../judging/policy.ts'
import type { EssayFile } from '../essay-folder.ts'
import { costOf, type TokenPrice, usd } from '../token-price.ts'
import type { JudgeChoice } from './judge-choice.ts'

/** What a ranking will take at most; it ends earlier when its order is settled. */
export interface Plan {
  readonly essays: number
  readonly pairs: number
  readonly mostComparisons: number
  /** Estimates; 0 for a judge without tokens. */
  readonly inputTokens: number
  readonly outputTokens: number
  /** USD; null when no price is given. */
  readonly price: number | null
}

/** Characters of a token: near 4 for English, less for other languages. */
const charactersPerToken = 4
/** Of a verdict: a winner, 50 words, a number. Models that think first use more. */
const tokensOfAnswer = 90

/** The plan of a ranking, asking nobody. `recorded`: judgements there are already. */
export function planOf(
  essays: readonly EssayFile[],
  policy: Policy,
  choice: Pick<JudgeChoice, 'sends' | 'price'>,
  recorded: number | undefined,
): Plan {
  const mostComparisons = essays.length < 2 ? 0 : (recorded ?? workCap(essays.length, policy))
  const input = choice.sends === undefined ? 0 : Math.ceil(mostComparisons * tokensOfQuestion(essays, choice.sends))
  const output = choice.sends === undefined ? 0 : mostComparisons * tokensOfAnswer
  const free = choice.sends === undefined || mostComparisons === 0
  return {
    essays: essays.length,
    pairs: coverageCap(essays.length),
    mostComparisons,
    inputTokens: input,
    outputTokens: output,
    price: free ? 0 : choice.price === undefined ? null : costOf({ input, output }, choice.price),
  }
}

/** On average: the prompt around two essays of mean length. */
function tokensOfQuestion(essays: readonly EssayFile[], sends: NonNullable<JudgeChoice['sends']>): number {
  const empty = { id: '', text: '' }
  const brief = { ...noBrief, assignment: sends.assignment ?? null, rubric: sends.rubric ?? null }
  const { system, user } = buildPrompt({ id: comparisonId(batchAddress('plan'), 0, 1), essayA: empty, essayB: empty, brief })
  const mean = essays.reduce((sum, { text }) => sum + text.length, 0) / Math.max(1, essays.length)
  return (system.length + user.length + 2 * mean) / charactersPerToken
}

export function planLines(plan: Plan, price: TokenPrice | undefined): string[] {
  const { essays, pairs, mostComparisons, inputTokens, outputTokens } = plan
  const tokens = `about ${inputTokens} tokens in, ${outputTokens} out (estimated at ${charactersPerToken} characters a token; retries not included)`
  const sum =
    plan.price === null
      ? 'price: not known; give --price-in and --price-out in USD per million tokens'
      : `price: at most about ${usd(plan.price)}${price === undefined ? '' : ` at ${price.input} and ${price.output} USD per million tokens`}`
  return [
    `${essays} essays, ${pairs} pairs, at most ${mostComparisons} comparisons`,
    ...(inputTokens === 0 ? ['no tokens: nothing is sent anywhere'] : [tokens, sum]),
    'nothing was asked; run it without --plan to rank',
  ]
}

import { fitBradleyTerry, type Judgement, standardErrors } from '../../../src/judging/index.ts'

/** Which scores are wanted: of the first so many judgements, for each count. */
export interface FitRequest {
  readonly essays: number
  readonly judgements: readonly Judgement[]
  readonly counts: readonly number[]
}

/** Scores after so many judgements, in logits, by essay. */
export interface FitPoint {
  readonly count: number
  readonly theta: readonly number[]
  readonly se: readonly number[]
}

export function fitAfter(essays: number, judgements: readonly Judgement[], count: number): FitPoint {
  const taken = judgements.slice(0, count)
  const { theta } = fitBradleyTerry(essays, taken)
  return { count, theta, se: standardErrors(essays, taken, theta).seMap }
}

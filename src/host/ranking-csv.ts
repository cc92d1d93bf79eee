import type { GradedItem } from './batch-result.ts'

const heading = 'rank,essay_id,score,standard_error'

/** A ranking by RFC 4180: every text quoted, scores in logits; of a batch with anchors with their grades. */
export function rankingCsv(ranking: readonly GradedItem[]): string {
  const isGraded = ranking.some(({ grade }) => grade !== undefined)
  const lines = ranking.map(({ rank, id, score, se, grade = '', isAnchor = false }) => {
    const line = `${rank},${quoted(id)},${score},${se}`
    return isGraded ? `${line},${quoted(grade)},${isAnchor}` : line
  })
  return [isGraded ? `${heading},grade,is_anchor` : heading, ...lines, ''].join('\r\n')
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}

import type { RankedItem } from '../machines/batch.machine.ts'

const heading = 'rank,essay_id,score,standard_error'

/** A ranking by RFC 4180: every text quoted, scores in logits. */
export function rankingCsv(ranking: readonly RankedItem[]): string {
  const lines = ranking.map(({ rank, id, score, se }) => `${rank},${quoted(id)},${score},${se}`)
  return [heading, ...lines, ''].join('\r\n')
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}

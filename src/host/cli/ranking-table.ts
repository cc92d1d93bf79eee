/** One essay of a finished ranking. `score` and `se` are on the logit scale of the Bradley-Terry model. */
export interface RankedEssay {
  readonly id: string
  readonly rank: number
  readonly score: number
  readonly se: number
  /** Of a batch with anchors. */
  readonly grade?: string
  readonly isAnchor?: boolean
}

const plotWidth = 41

/** The ranking as a table with the interval score +- 1 standard error drawn in text. */
export function rankingTable(ranking: readonly RankedEssay[]): string[] {
  if (ranking.length === 0) {
    return []
  }
  const low = Math.min(...ranking.map((essay) => essay.score - essay.se))
  const high = Math.max(...ranking.map((essay) => essay.score + essay.se))
  const column = (value: number): number => Math.round(((value - low) / Math.max(high - low, 1e-9)) * (plotWidth - 1))
  const nameWidth = Math.max(5, ...ranking.map((essay) => essay.id.length))
  const isGraded = ranking.some(({ grade }) => grade !== undefined)
  const header =
    `rank  ${'essay'.padEnd(nameWidth)}${isGraded ? '  grade' : ''}   score     se  ${'score +- 1 se'.padEnd(plotWidth)}`.trimEnd()
  return [header, ...ranking.map((essay) => row(essay, { nameWidth, isGraded }, column))]
}

interface Widths {
  readonly nameWidth: number
  readonly isGraded: boolean
}

function row(essay: RankedEssay, { nameWidth, isGraded }: Widths, column: (value: number) => number): string {
  const from = column(essay.score - essay.se)
  const to = column(essay.score + essay.se)
  const cells: string[] = Array.from({ length: plotWidth }, (_, index) =>
    index < from || index > to ? ' ' : index === from || index === to ? '|' : '-',
  )
  cells[column(essay.score)] = 'o'
  const score = essay.score.toFixed(2).padStart(6)
  // An anchor's grade is known, not projected.
  const grade = isGraded ? `  ${`${essay.grade ?? ''}${essay.isAnchor === true ? ' =' : ''}`.padEnd(5)}` : ''
  return `${String(essay.rank).padStart(4)}  ${essay.id.padEnd(nameWidth)}${grade}  ${score}  ${essay.se.toFixed(2).padStart(5)}  ${cells.join('')}`.trimEnd()
}

/** A run of text in one face. */
export interface Run {
  readonly text: string
  readonly face: Face
}

/** A line as it is drawn: its runs, the place of each from the left, and its width, px. */
export interface Line {
  readonly runs: readonly (Run & { readonly x: number; readonly width: number })[]
  readonly width: number
  readonly size: number
}

export type Face = 'title' | 'text' | 'event' | 'guard' | 'action' | 'invoke' | 'mark'

const bold: ReadonlySet<Face> = new Set<Face>(['title', 'event', 'mark'])

/** Advance widths of Inter in thousandths of the size, from the space on. Other fonts are stretched to them by `textLength`. */
const regular = [
  281, 278, 403, 631, 638, 812, 639, 222, 362, 362, 500, 659, 280, 460, 276, 357, 625, 464, 605, 636, 642, 608, 624, 571, 616, 624, 276,
  280, 659, 659, 659, 507, 936, 676, 651, 727, 719, 598, 587, 743, 740, 264, 543, 652, 562, 889, 753, 761, 635, 761, 639, 638, 642, 741,
  676, 949, 642, 665, 625, 362, 357, 362, 469, 452, 497, 564, 621, 558, 621, 582, 361, 609, 591, 237, 237, 544, 237, 869, 585, 597, 609,
  609, 372, 523, 364, 581, 557, 812, 540, 557, 541, 362, 327, 362, 659,
]
const semibold = [
  248, 309, 396, 643, 649, 844, 663, 213, 393, 393, 543, 673, 295, 466, 290, 379, 667, 481, 621, 652, 666, 632, 648, 587, 646, 648, 290,
  295, 673, 673, 673, 544, 999, 724, 657, 744, 724, 608, 586, 755, 744, 275, 561, 677, 566, 906, 741, 775, 643, 776, 651, 649, 660, 734,
  724, 1007, 690, 705, 653, 393, 379, 393, 481, 468, 497, 575, 630, 577, 630, 593, 377, 625, 613, 261, 261, 569, 261, 898, 610, 608, 625,
  625, 397, 549, 380, 608, 576, 837, 562, 576, 562, 393, 358, 393, 673,
]
const marks: Readonly<Record<string, number>> = { '↻': 955, '·': 290 }
/** Of a character outside the tables. */
const widest = 1_000

/** Width of a text, px. */
export function widthOf(text: string, face: Face, size: number): number {
  const table = bold.has(face) ? semibold : regular
  const units = [...text].reduce((sum, character) => sum + (table[(character.codePointAt(0) ?? 0) - 32] ?? marks[character] ?? widest), 0)
  return Math.round((units * size) / 100) / 10
}

/**
 * Breaks runs into lines of at most `most` px, at spaces; what has no space is broken where a word begins in it, and stays
 * whole otherwise. Lines after the first are indented by `indent` px.
 */
export function typeset(runs: readonly Run[], size: number, most: number, indent = 0): Line[] {
  const lines: { runs: (Run & { x: number; width: number })[]; end: number }[] = []
  let line: (typeof lines)[number] | undefined
  for (const { text, face } of runs.flatMap(wordsOf)) {
    const gap = line === undefined || line.runs.length === 0 ? 0 : widthOf(' ', 'text', size)
    const width = widthOf(text, face, size)
    if (line === undefined || (line.runs.length > 0 && line.end + gap + width > most)) {
      line = { runs: [], end: lines.length === 0 ? 0 : indent }
      lines.push(line)
    }
    const last = line.runs.at(-1)
    if (last !== undefined && last.face === face) {
      const joined = `${last.text} ${text}`
      line.runs[line.runs.length - 1] = { ...last, text: joined, width: widthOf(joined, face, size) }
      line.end = last.x + widthOf(joined, face, size)
    } else {
      const x = line.runs.length === 0 ? line.end : line.end + gap
      line.runs.push({ text, face, x, width })
      line.end = x + width
    }
  }
  return lines.map(({ runs: placed, end }) => ({ runs: placed, width: end, size }))
}

function wordsOf({ text, face }: Run): Run[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => ({ text: word, face }))
}

/** What a comparison of two texts says, in the words of a provider's answer. */
export interface TextVerdict {
  readonly winner: 'Essay A' | 'Essay B'
  /** 1 (a guess) to 5 (certain). */
  readonly confidence: number
  readonly justification: string
}

/** What is measured of a text; each between 0 and 1, more is better. */
interface Features {
  readonly length: number
  readonly vocabulary: number
  readonly longWords: number
  readonly connectives: number
  readonly sentences: number
  readonly paragraphs: number
  readonly correctness: number
}

/** How much each feature counts. The weights are set by hand, for a demonstration: this is no judge of writing. */
const weights: Features = { length: 2, vocabulary: 1, longWords: 2, connectives: 2, sentences: 1, paragraphs: 1, correctness: 3 }

const names: Readonly<Record<keyof Features, string>> = {
  length: 'length',
  vocabulary: 'variety of words',
  longWords: 'precision of words',
  connectives: 'links between thoughts',
  sentences: 'variety of sentences',
  paragraphs: 'structure',
  correctness: 'correctness',
}

const connectives =
  /\b(however|therefore|although|whereas|because|moreover|furthermore|nevertheless|consequently|for example|in conclusion|on the other hand|finally|first|secondly|thirdly|rather than)\b/gi
const commonErrors =
  /\b(becuase|dont|cant|shoud|dangerus|peopel|allways|smell bad to|stupid to|lose there|cars is|people who dont)\b|\bi\b|(^|[.!?]\s+)[a-z]/g

/**
 * Compares two texts by a sum of plain features: no network, no chance, and no cycle, since each text has one quality.
 * Equal qualities are decided by the texts themselves, so that swapping the slots always swaps the winner.
 */
export function compareTexts(a: string, b: string): TextVerdict {
  const featuresOfA = featuresOf(a)
  const featuresOfB = featuresOf(b)
  const gap = quality(featuresOfA) - quality(featuresOfB)
  const aWins = gap > 0 || (gap === 0 && a < b)
  const [better, worse] = aWins ? [featuresOfA, featuresOfB] : [featuresOfB, featuresOfA]
  return {
    winner: aWins ? 'Essay A' : 'Essay B',
    confidence: Math.min(5, Math.max(1, Math.round(1 + Math.abs(gap) * 2))),
    justification: `${aWins ? 'Essay A' : 'Essay B'} is ahead most clearly in ${names[clearest(better, worse)]}.`,
  }
}

/** Quality of a text: the weighted sum of its features, from 0 to 12. */
export function textQuality(text: string): number {
  return quality(featuresOf(text))
}

function quality(features: Features): number {
  return keys.reduce((sum, name) => sum + weights[name] * features[name], 0)
}

const keys = Object.keys(weights) as (keyof Features)[]

function clearest(better: Features, worse: Features): keyof Features {
  const lead = (name: keyof Features): number => weights[name] * (better[name] - worse[name])
  return keys.reduce((best, name) => (lead(name) > lead(best) ? name : best))
}

function featuresOf(text: string): Features {
  const words = text.toLowerCase().match(/[\p{L}']+/gu) ?? []
  const sentences = text.split(/[.!?]+\s/).map((sentence) => sentence.split(/\s+/).length)
  const count = Math.max(1, words.length)
  return {
    length: share(words.length, 220),
    vocabulary: share(new Set(words).size / Math.sqrt(count), 9),
    longWords: share(words.filter((word) => word.length >= 8).length / count, 0.18),
    connectives: share((text.match(connectives) ?? []).length, 8),
    sentences: share(spread(sentences), 9),
    paragraphs: share(text.split(/\n\s*\n/).length, 4),
    correctness: 1 - share((text.match(commonErrors) ?? []).length / count, 0.06),
  }
}

/** `value` as a share of what counts as full, at most 1. */
function share(value: number, full: number): number {
  return Math.min(1, value / full)
}

/** Standard deviation. */
function spread(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length))
}

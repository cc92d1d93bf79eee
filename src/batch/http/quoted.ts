/** Characters of what a service says that are kept. */
const mostKept = 300
/** Letters and digits in a row that also stand in what was sent: some 40 characters of prose, which no error has by chance. */
const telling = 30

const withheld = 'its text repeats what was sent and is not kept'

/**
 * What a service says of an error, as it may be kept in errors, journal and terminal: short, in one line, and nothing where it
 * repeats what was sent. A service that echoes a request would else put essays where none may stand (rules 63).
 */
export function quoted(said: string, sent: readonly string[]): string {
  const line = said
    .slice(0, 4 * mostKept)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
  const kept = line.length > mostKept ? `${line.slice(0, mostKept)}…` : line
  return repeats(kept, sent) ? withheld : kept.toWellFormed()
}

function repeats(said: string, sent: readonly string[]): boolean {
  const words = bare(said)
  const texts = words.length < telling ? [] : sent.map(bare)
  for (let from = 0; from + telling <= words.length; from++) {
    const run = words.slice(from, from + telling)
    if (texts.some((text) => text.includes(run))) {
      return true
    }
  }
  return false
}

/** Letters and digits alone: an echo may be escaped, quoted or wrapped anew. */
function bare(text: string): string {
  return text
    .replace(/\\+u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\+[a-z]/gi, '')
    .replace(/[^\p{L}\p{N}]+/gu, '')
    .toLowerCase()
}

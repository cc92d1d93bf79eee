/** An option's name as it is typed: `maxComparisons` -> `--max-comparisons`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

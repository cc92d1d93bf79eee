/** Tests of one file that were not run for want of a Kafka. */
export interface UnrunFile {
  readonly path: string
  readonly tests: number
}

/** How a run of the tests ends. */
export interface Closing {
  /** Printed last; undefined if everything ran. */
  readonly banner: string | undefined
  readonly failed: boolean
}

/** Nothing is skipped in silence: a closing banner names what did not run and, with `CI=true`, the run fails. */
export function closingOf(unrun: readonly UnrunFile[], missing: readonly string[], ci: boolean): Closing {
  if (unrun.length === 0) {
    return { banner: undefined, failed: false }
  }
  const tests = unrun.reduce((sum, file) => sum + file.tests, 0)
  const lines = [
    `NOT RUN: ${counted(tests, 'test')} in ${counted(unrun.length, 'file')} that need a real Apache Kafka (${missing.join(', ')}):`,
    ...unrun.map((file) => `  ${file.path}  ${counted(file.tests, 'test')}`),
    '',
    'Install Java 17 or newer and Maven, which bring the broker, and run again:',
    '  Debian, Ubuntu  sudo apt-get install -y openjdk-17-jre-headless maven',
    '  Fedora          sudo dnf install -y java-21-openjdk-headless maven',
    '  macOS           brew install --cask temurin@21 && brew install maven',
    '  elsewhere       java and mvn on the PATH',
    'Or name a broker, for the tests that need none of their own to kill:',
    '  QUIRE_TEST_KAFKA_BROKERS=host:port npm test',
    ...(ci ? ['', 'CI is set, so this run has FAILED.'] : []),
  ]
  return { banner: framed(lines), failed: ci }
}

/** As CI services set it. */
export function isCi(env: NodeJS.ProcessEnv): boolean {
  return !['', '0', 'false'].includes(env.CI ?? '')
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function framed(lines: readonly string[]): string {
  const rule = '='.repeat(Math.max(...lines.map((line) => line.length)))
  return ['', rule, ...lines, rule, ''].join('\n')
}

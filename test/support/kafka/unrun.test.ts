import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { kafkaAvailability, parseJavaVersion } from './availability.ts'
import { kafkaClient } from './client.ts'
import { closingOf, isCi } from './closing.ts'
import { describeWithKafka } from './describe-with-kafka.ts'

describe('which tests of Kafka run', () => {
  test.for([
    { brokers: [], java: 17, maven: true, shared: true, own: true, missing: [] },
    { brokers: ['a:1'], java: 21, maven: true, shared: true, own: true, missing: [] },
    { brokers: ['a:1'], java: undefined, maven: false, shared: true, own: false, missing: ['no Java (17 or newer)', 'no Maven'] },
    { brokers: [], java: 11, maven: true, shared: false, own: false, missing: ['Java 11, not 17 or newer'] },
    { brokers: [], java: 17, maven: false, shared: false, own: false, missing: ['no Maven'] },
  ])('brokers $brokers, Java $java, Maven $maven', ({ brokers, java, maven, ...expected }) => {
    expect(kafkaAvailability({ brokers, java, maven })).toEqual(expected)
  })

  test.for([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['java version "1.8.0_202"', 8],
    ['openjdk version "21" 2023-09-19', 21],
    ['The operation couldn’t be completed. Unable to locate a Java Runtime.', undefined],
  ] as const)('%s', ([printed, version]) => {
    expect(parseJavaVersion(printed)).toBe(version)
  })
})

describe('how a run closes', () => {
  const unrun = [
    { path: 'test/a.test.ts', tests: 2 },
    { path: 'test/b.test.ts', tests: 1 },
  ]

  test('in silence, if all ran, also in CI', () => {
    expect(closingOf([], ['no Maven'], true)).toEqual({ banner: undefined, failed: false })
  })

  test('with the files that did not run, why, and what to install', () => {
    const { banner, failed } = closingOf(unrun, ['no Java (17 or newer)', 'no Maven'], false)
    expect(failed).toBe(false)
    expect(banner).toContain('NOT RUN: 3 tests in 2 files that need a real Apache Kafka (no Java (17 or newer), no Maven)')
    expect(banner).toMatch(/test\/a\.test\.ts {2}2 tests\n {2}test\/b\.test\.ts {2}1 test\n/)
    expect(banner).toContain('apt-get install -y openjdk-17-jre-headless maven')
    expect(banner).not.toContain('FAILED')
  })

  test('as a failure in CI', () => {
    const { banner, failed } = closingOf(unrun, ['no Maven'], true)
    expect(failed).toBe(true)
    expect(banner).toContain('FAILED')
  })

  test('CI is what the services set', () => {
    expect([{ CI: 'true' }, { CI: '1' }, { CI: 'false' }, { CI: '' }, {}].map(isCi)).toEqual([true, true, false, false, false])
  })
})

describe('a run on a machine without Java and Maven', () => {
  test('passes with a banner at its very end', async () => {
    const { code, output } = await runPlanted({})
    expect(code).toBe(0)
    expect(output).toMatch(/1 passed.*3 skipped.*NOT RUN: 3 tests in 1 file .*wants-kafka\.planted\.ts {2}3 tests.*=\n$/s)
  })

  test('fails with CI=true', async () => {
    const { code, output } = await runPlanted({ CI: 'true' })
    expect(code).toBe(1)
    expect(output).toMatch(/1 passed.*3 skipped.*NOT RUN.*FAILED.*=\n$/s)
  })
})

describeWithKafka('a run without Java and Maven, but with a named broker', (kafka) => {
  test('runs what can share it, leaves nothing in it, and closes with the rest', async () => {
    const { code, output } = await runPlanted({ CI: 'true', QUIRE_TEST_KAFKA_BROKERS: kafka.brokers.join(',') })
    expect(output).toMatch(/Test Files {2}1 passed.*2 passed.*2 skipped.*NOT RUN: 2 tests in 1 file /s)
    expect(code).toBe(1)
    const admin = kafkaClient(kafka.brokers).admin()
    await admin.connect()
    // For a moment a broker lists what its controller has deleted.
    await expect.poll(async () => (await admin.listTopics()).filter((topic) => topic.startsWith('planted'))).toEqual([])
    await admin.disconnect()
  })
})

async function runPlanted(env: Readonly<Record<string, string>>): Promise<{ readonly code: number; readonly output: string }> {
  const vitest = fileURLToPath(new URL('../../../node_modules/vitest/vitest.mjs', import.meta.url))
  const config = fileURLToPath(new URL('./planted/vitest.config.ts', import.meta.url))
  const emptyPath = await mkdtemp(join(tmpdir(), 'quire-no-java-'))
  const result = await new Promise<{ readonly code: number; readonly output: string }>((resolve) => {
    const options = { env: { ...env, PATH: emptyPath, NO_COLOR: '1' } }
    const run = execFile(process.execPath, [vitest, 'run', '--config', config], options, (_error, stdout, stderr) =>
      resolve({ code: run.exitCode ?? -1, output: stdout + stderr }),
    )
  })
  await rm(emptyPath, { recursive: true })
  return result
}

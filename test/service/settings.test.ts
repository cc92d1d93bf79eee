import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { settingsPage } from '../../scripts/settings/page.ts'
import { batchInput } from '../../src/batch/request.ts'
import { batchSettings } from '../../src/batch/settings.ts'
import { batchSettingsOf } from '../../src/host/batch-settings.ts'
import { completeSettings, type Environment, readServeSettings, readSettings, unknownSettings } from '../../src/host/read-settings.ts'
import { settingsTable } from '../../src/host/settings.ts'
import { isQuireError } from '../../src/runtime/errors.ts'
import { runtimeDefaults } from '../../src/runtime/options.ts'

function problemsOf(
  environment: Readonly<Record<string, string>>,
  read: (given: Environment) => unknown = readSettings,
): readonly string[] {
  try {
    read(environment)
  } catch (error) {
    return isQuireError(error, 'invalid-option') ? error.message.split('\n') : [String(error)]
  }
  return []
}

describe('the settings', () => {
  it('have the defaults of the runtime and of batches', () => {
    const settings = readSettings({})
    expect(batchSettingsOf(settings)).toEqual(batchSettings)
    expect(settings).toMatchObject({ mailboxPartitions: runtimeDefaults.partitions, httpHost: '127.0.0.1', httpPort: 9_090 })
    expect(settings.monitorIntervalSeconds * 1_000).toBe(runtimeDefaults.monitorIntervalMs)
  })

  it('that are taken make batches: at both ends of every range', () => {
    const ends = Object.values(settingsTable).flatMap(({ name, remedy }) =>
      (/^give a (?:whole )?number from (\S+) to (\S+)$/.exec(remedy)?.slice(1) ?? []).map((end) => [name, end] as const),
    )
    expect(ends.map(([name]) => name)).toContain('QUIRE_MAX_RETRY_ATTEMPTS')
    const essays = [1, 2].map((number) => ({ id: `e${number}`, storageId: `t${number}` }))
    const refused = ends.flatMap(([name, end]) => {
      // What two settings say together is complained of at the start: nobody asks for batches then.
      if (problemsOf({ QUIRE_ARCHIVE_DIR: 'archive', [name]: end }).length > 0) {
        return []
      }
      const settings = readSettings({ QUIRE_ARCHIVE_DIR: 'archive', [name]: end })
      try {
        batchInput({ batchId: 'b', userId: 'u', essays: essays.slice(0, settings.maxEssays) }, batchSettingsOf(settings))
        return []
      } catch (error) {
        return [`${name}=${end}: ${(error as Error).message}`]
      }
    })
    expect(refused).toEqual([])
  })

  it('are named by every problem at once, each with its variable and the remedy', () => {
    expect(
      problemsOf({
        QUIRE_HTTP_PORT: '99999',
        QUIRE_DATABASE_URL: 'mysql://user:hidden@host/db',
        QUIRE_KAFKA_BROKERS: 'one:9092, two',
        QUIRE_HTTP_TRUSTED_PROXIES: '10.0.0.7, 10.0.0.0/33',
        QUIRE_MIN_SUCCESS_RATE_THRESHOLD: 'high',
        QUIRE_MONITOR_INTERVAL_SECONDS: '-1',
        QUIRE_KAFKA_SASL_USERNAME: 'quire',
      }),
    ).toEqual([
      'QUIRE_DATABASE_URL cannot be used (it is not shown); give postgres://USER:PASSWORD@HOST:PORT/DATABASE',
      "QUIRE_KAFKA_BROKERS is 'one:9092, two'; give HOST:PORT,HOST:PORT",
      "QUIRE_HTTP_PORT is '99999'; give a whole number from 0 to 65535",
      "QUIRE_HTTP_TRUSTED_PROXIES is '10.0.0.7, 10.0.0.0/33'; give IP addresses or nets, e.g. 10.0.0.7,192.168.0.0/16",
      "QUIRE_MIN_SUCCESS_RATE_THRESHOLD is 'high'; give a number from 0.01 to 1",
      "QUIRE_MONITOR_INTERVAL_SECONDS is '-1'; give a whole number from 0 to 31536000",
      'QUIRE_KAFKA_SASL_MECHANISM is not set; set all three QUIRE_KAFKA_SASL_ ones, or none',
      'QUIRE_KAFKA_SASL_PASSWORD is not set; set all three QUIRE_KAFKA_SASL_ ones, or none',
    ])
  })

  it('of the service name also what it cannot do without, and what may be misspelt for it', () => {
    const missing = [
      'QUIRE_CONTENT_SERVICE_URL is not set; texts are fetched there',
      'QUIRE_LLM_PROVIDER_SERVICE_URL is not set; comparisons are posted there',
      'QUIRE_DATABASE_URL is not set; name a Postgres, or a folder for an embedded one with QUIRE_DATA_DIR',
    ]
    expect(problemsOf({ QUIRE_HTTP_PORT: 'x', QUIRE_DATBASE_URL: 'postgres://host/db' }, readServeSettings)).toEqual([
      "QUIRE_HTTP_PORT is 'x'; give a whole number from 0 to 65535",
      ...missing,
      'QUIRE_DATBASE_URL is no setting of quire serve; see docs/settings.md',
    ])
    const url = 'http://localhost:1'
    const enough = { QUIRE_CONTENT_SERVICE_URL: url, QUIRE_LLM_PROVIDER_SERVICE_URL: url, QUIRE_DATA_DIR: 'data', QUIRE_OTHER: '1' }
    expect(problemsOf(enough, readServeSettings)).toEqual([])
  })

  it.each(['10.0.0.7', '::1', '10.0.0.0/8,2001:db8::/32'])('take %s for trusted proxies', (proxies) => {
    expect(readSettings({ QUIRE_HTTP_TRUSTED_PROXIES: proxies })).toMatchObject({ httpTrustedProxies: proxies.split(',') })
  })

  it.each(['localhost', '10.0.0', '10.0.0.0/', '10.0.0.0/8/8', '::/129', ','])('take %s for none', (proxies) => {
    expect(problemsOf({ QUIRE_HTTP_TRUSTED_PROXIES: proxies })).toHaveLength(1)
  })

  it('set to nothing are not set', () => {
    expect(readSettings({ QUIRE_HTTP_PORT: '', QUIRE_API_TOKEN: '' })).toEqual(readSettings({}))
  })

  it.each(['0.0.0.0', '::', '10.0.0.7', 'quire.example.org', '128.0.0.1'])('ask for a token when %s is listened on', (host) => {
    expect(problemsOf({ QUIRE_HTTP_HOST: host })).toEqual([
      `QUIRE_API_TOKEN is not set, and QUIRE_HTTP_HOST is ${host}; set a token, or listen on 127.0.0.1`,
    ])
    expect(problemsOf({ QUIRE_HTTP_HOST: host, QUIRE_API_TOKEN: 'x'.repeat(16) })).toEqual([])
    expect(() => completeSettings({ httpHost: host })).toThrow('QUIRE_API_TOKEN')
  })

  it.each(['127.0.0.1', '127.8.0.1', '::1', 'localhost'])('ask for none on %s', (host) => {
    expect(problemsOf({ QUIRE_HTTP_HOST: host })).toEqual([])
  })

  it('that are misspelt are found', () => {
    expect(unknownSettings({ QUIRE_HTTP_PROT: '1', QUIRE_HTTP_PORT: '1', PATH: '' })).toEqual(['QUIRE_HTTP_PROT'])
  })

  it('have a name of their own, and stand in docs/settings.md', () => {
    const names = Object.values(settingsTable).map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    const page = readFileSync(new URL('../../docs/settings.md', import.meta.url), 'utf8')
    expect(page).toBe(settingsPage())
    expect(names.filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([])
  })
})

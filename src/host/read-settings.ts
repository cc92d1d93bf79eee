import { QuireError } from '../runtime/errors.ts'
import type { Setting } from './setting.ts'
import { type ServiceSettings, settingsTable } from './settings.ts'

export interface SettingProblem {
  readonly name: string
  /** The whole sentence, with the remedy; a secret's value does not stand in it. */
  readonly message: string
}

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads and checks the settings; a variable set to nothing is not set.
 * @throws QuireError `invalid-option` with every problem at once, a line each; `details.problems` lists them
 */
export function readSettings(environment: Environment): ServiceSettings {
  const { settings, problems } = parsedSettings(environment)
  throwIfAny(problems)
  return Object.freeze(settings) as ServiceSettings
}

/** As far as they can be read, the defaults for the rest: for a command that must look although something is wrong. */
export function readableSettings(environment: Environment): {
  readonly settings: ServiceSettings
  readonly problems: readonly SettingProblem[]
} {
  const { settings, problems } = parsedSettings(environment)
  return { settings: Object.freeze({ ...readSettings({}), ...settings }), problems }
}

/** Settings with which `quire serve` can run. */
export type ServeSettings = ServiceSettings & Readonly<Record<'contentServiceUrl' | 'llmProviderServiceUrl', string>>

/**
 * The settings of `quire serve`, which needs more of them than other commands. A misspelt name is told with what is missing for it.
 * @throws QuireError `invalid-option` as `readSettings` does
 */
export function readServeSettings(environment: Environment): ServeSettings {
  const { settings, problems } = parsedSettings(environment)
  const wrong = [...problems, ...missingProblems(settings)]
  const misspelt = unknownSettings(environment).map((name) => problem(name, noSetting))
  throwIfAny(wrong.length === 0 ? [] : [...wrong, ...misspelt])
  return Object.freeze(settings) as ServeSettings
}

export const noSetting = 'is no setting of quire serve; see docs/settings.md'

interface ParsedSettings {
  /** Those that could be read. */
  readonly settings: Partial<ServiceSettings>
  readonly problems: readonly SettingProblem[]
}

function parsedSettings(environment: Environment): ParsedSettings {
  const read = Object.entries(settingsTable).map(([field, setting]) => [field, valueOf(setting, environment)] as const)
  const wrong = read.flatMap(([, result]) => ('problem' in result ? [result.problem] : []))
  const settings: Partial<ServiceSettings> = Object.fromEntries(
    read.flatMap(([field, result]) => ('value' in result ? [[field, result.value]] : [])),
  )
  return { settings, problems: [...wrong, ...crossProblems(settings)] }
}

/** Settings for an embedder: the defaults, with what is given. @throws QuireError `invalid-option` as `readSettings` does */
export function completeSettings(given: Partial<ServiceSettings>): ServiceSettings {
  const settings = { ...readSettings({}), ...given }
  throwIfAny(crossProblems(settings))
  return Object.freeze(settings)
}

/** QUIRE_ variables that are no setting of the service: most likely misspelt. */
export function unknownSettings(environment: Environment): readonly string[] {
  const known = new Set<string>([...Object.values(settingsTable).map((setting) => setting.name), 'QUIRE_OPENAI_API_KEY'])
  return Object.keys(environment).filter((name) => name.startsWith('QUIRE_') && !known.has(name))
}

function throwIfAny(problems: readonly SettingProblem[]): void {
  if (problems.length > 0) {
    throw new QuireError('invalid-option', problems.map(({ message }) => message).join('\n'), { details: { problems } })
  }
}

function valueOf(setting: Setting<unknown>, environment: Environment): { readonly value: unknown } | { readonly problem: SettingProblem } {
  const given = environment[setting.name]
  const written = given === undefined || given === '' ? setting.default : given
  if (written === null) {
    return { value: undefined }
  }
  const parsed = setting.schema.safeParse(written)
  const shown = setting.secret ? 'cannot be used (it is not shown)' : `is '${written.slice(0, 100)}'`
  return parsed.success
    ? { value: parsed.data }
    : { problem: { name: setting.name, message: `${setting.name} ${shown}; ${setting.remedy}` } }
}

/** What no setting says alone. One that could not be read is not complained of twice. */
function crossProblems(settings: Partial<ServiceSettings>): SettingProblem[] {
  return [...addressProblems(settings), ...kafkaProblems(settings), ...ceilingProblems(settings), ...retentionProblems(settings)]
}

function addressProblems(settings: Partial<ServiceSettings>): SettingProblem[] {
  const { httpHost, apiToken } = settings
  const isOpen = 'apiToken' in settings && apiToken === undefined
  return httpHost === undefined || isLoopback(httpHost) || !isOpen
    ? []
    : [problem('QUIRE_API_TOKEN', `is not set, and QUIRE_HTTP_HOST is ${httpHost}; set a token, or listen on 127.0.0.1`)]
}

/** `localhost` may be resolved to anything by a hosts file, but its meaning is this machine. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

function kafkaProblems(settings: Partial<ServiceSettings>): SettingProblem[] {
  const sasl = ['kafkaSaslMechanism', 'kafkaSaslUsername', 'kafkaSaslPassword'] as const
  const missing = sasl.filter((field) => field in settings && settings[field] === undefined)
  const partly = sasl.some((field) => settings[field] !== undefined)
  return partly
    ? missing.map((field) => problem(settingsTable[field].name, 'is not set; set all three QUIRE_KAFKA_SASL_ ones, or none'))
    : []
}

function ceilingProblems({ passesForSmallNet, passesForRegularNet }: Partial<ServiceSettings>): SettingProblem[] {
  return passesForSmallNet === undefined || passesForRegularNet === undefined || passesForRegularNet <= passesForSmallNet
    ? []
    : [
        problem(
          'QUIRE_MAX_RESAMPLING_PASSES_FOR_REGULAR_BATCH',
          `is ${passesForRegularNet}; give at most the ${passesForSmallNet} of QUIRE_MAX_RESAMPLING_PASSES_FOR_SMALL_NET`,
        ),
      ]
}

function retentionProblems(settings: Partial<ServiceSettings>): SettingProblem[] {
  const { retentionDays = 0, archiveDir, monitorIntervalSeconds } = settings
  if (retentionDays === 0) {
    return []
  }
  return [
    ...('archiveDir' in settings && archiveDir === undefined
      ? [problem('QUIRE_ARCHIVE_DIR', `is not set, and QUIRE_RETENTION_DAYS is ${retentionDays}; name a folder, or keep batches with 0`)]
      : []),
    ...(monitorIntervalSeconds === 0
      ? [problem('QUIRE_MONITOR_INTERVAL_SECONDS', `is 0, and QUIRE_RETENTION_DAYS is ${retentionDays}; the monitor does it, give 300`)]
      : []),
  ]
}

/** What only a service cannot do without. */
function missingProblems(settings: Partial<ServiceSettings>): SettingProblem[] {
  const isAbsent = (field: keyof ServiceSettings): boolean => field in settings && settings[field] === undefined
  return [
    ...(isAbsent('contentServiceUrl') ? [problem('QUIRE_CONTENT_SERVICE_URL', 'is not set; texts are fetched there')] : []),
    ...(isAbsent('llmProviderServiceUrl') ? [problem('QUIRE_LLM_PROVIDER_SERVICE_URL', 'is not set; comparisons are posted there')] : []),
    ...(isAbsent('databaseUrl') && isAbsent('dataDir')
      ? [problem('QUIRE_DATABASE_URL', 'is not set; name a Postgres, or a folder for an embedded one with QUIRE_DATA_DIR')]
      : []),
  ]
}

function problem(name: string, what: string): SettingProblem {
  return { name, message: `${name} ${what}` }
}

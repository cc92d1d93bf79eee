import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Judge } from '../../batch/judge.ts'
import { batchSettings } from '../../batch/settings.ts'
import { promptVersion } from '../../batch/tasks/prompt.ts'
import { messageOf } from '../../runtime/errors.ts'
import { silentLogger, systemClock, systemRandom } from '../../runtime/system.ts'
import { CommandError } from '../command-error.ts'
import type { EssayFolder } from '../essay-folder.ts'
import { exitCodes } from '../exit-codes.ts'
import { mockJudge } from '../mock-judge.ts'
import { openaiJudge } from '../openai-judge.ts'
import { recordedJudge } from '../recorded-judge.ts'
import type { TokenPrice } from '../token-price.ts'
import { readVerdictFile } from '../verdict-file.ts'
import { flagOf } from './flag.ts'
import type { Output } from './output.ts'

type Options = Readonly<Record<string, string | boolean | undefined>>

/** Who judges a ranking. */
export interface JudgeChoice {
  /** Part of the batch's name: another judge is another batch. */
  readonly name: string
  /** One line for people: who judges, and what leaves this machine. */
  readonly about: string
  /** Makes the judge; throws what keeps it from judging. */
  create(): Judge
  /** Texts sent with every comparison, for an estimate; undefined for a judge without tokens. */
  readonly sends: { readonly assignment?: string; readonly rubric?: string } | undefined
  readonly price: TokenPrice | undefined
  /** Number of judgements there are already. */
  readonly recorded: number | undefined
}

const withoutTokens = { sends: undefined, price: undefined, recorded: undefined }

const openaiUrl = 'https://api.openai.com/v1'

/** `--judge mock|openai|FILE.csv`. @throws CommandError naming the option and the remedy */
export async function chooseJudge(
  options: Options,
  folder: Pick<EssayFolder, 'essays'>,
  environment: NodeJS.ProcessEnv,
  output: Pick<Output, 'say'>,
): Promise<JudgeChoice> {
  const name = String(options['judge'] ?? 'mock')
  if (name === 'mock') {
    return { name, about: 'mock, a text heuristic in this process', create: () => mockJudge(), ...withoutTokens }
  }
  if (name === 'openai') {
    return await chatJudge(options, environment, output)
  }
  if (/\.csv$/i.test(name)) {
    return await fileJudge(name, folder)
  }
  throw new CommandError(exitCodes.usage, `--judge ${name} is not known; give mock, openai, or a file of judgements that ends in .csv`)
}

async function fileJudge(path: string, { essays }: Pick<EssayFolder, 'essays'>): Promise<JudgeChoice> {
  const ids = essays.map(({ id }) => id)
  const { verdicts, digest } = await readVerdictFile(path, ids)
  return {
    name: `csv-${digest}`,
    about: `${verdicts.length} recorded judgements of ${path}`,
    create: () => recordedJudge(verdicts, ids),
    ...withoutTokens,
    recorded: verdicts.length,
  }
}

async function chatJudge(options: Options, environment: NodeJS.ProcessEnv, output: Pick<Output, 'say'>): Promise<JudgeChoice> {
  const baseUrl = urlOf(String(options['baseUrl'] ?? (environment['OPENAI_BASE_URL'] || openaiUrl)))
  const model = String(options['model'] ?? batchSettings.defaultModel)
  const sends = { ...(await textOption(options, 'assignment')), ...(await textOption(options, 'rubric')) }
  const price = priceOf(options)
  const identity = JSON.stringify([baseUrl, model, promptVersion, sends])
  return {
    name: `openai-${createHash('sha256').update(identity).digest('hex').slice(0, 8)}`,
    about: `openai, model ${model}; the texts are sent to ${new URL(baseUrl).host}`,
    create: () =>
      openaiJudge({
        baseUrl,
        model,
        ...keyOf(baseUrl, environment),
        ...sends,
        ...(price === undefined ? {} : { price }),
        requestsPerMinute: countOption(options, 'requestsPerMinute', 120),
        clock: systemClock,
        random: systemRandom,
        logger: silentLogger,
        onTrouble: once((message) => output.say(`judge: ${message}`)),
      }),
    sends,
    price,
    recorded: undefined,
  }
}

function keyOf(baseUrl: string, environment: NodeJS.ProcessEnv): { readonly apiKey?: string } {
  const apiKey = environment['QUIRE_OPENAI_API_KEY'] || environment['OPENAI_API_KEY']
  if (apiKey) {
    return { apiKey }
  }
  if (baseUrl.startsWith(openaiUrl)) {
    throw new CommandError(
      exitCodes.badInput,
      '--judge openai needs a key; set QUIRE_OPENAI_API_KEY or OPENAI_API_KEY, or name an endpoint that needs none with --base-url',
    )
  }
  return {}
}

function urlOf(given: string): string {
  const url = given.replace(/\/+$/, '')
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new CommandError(exitCodes.badInput, `--base-url is '${given}'; give the endpoint's base, e.g. ${openaiUrl}`)
  }
  return url
}

/** Prices come in pairs: half a price would be a wrong one. */
function priceOf(options: Options): TokenPrice | undefined {
  if (options['priceIn'] === undefined && options['priceOut'] === undefined) {
    return undefined
  }
  const [input, output] = [Number(options['priceIn']), Number(options['priceOut'])]
  if (!(input >= 0 && output >= 0 && Number.isFinite(input + output))) {
    throw new CommandError(exitCodes.badInput, 'give both --price-in and --price-out, in USD per million tokens')
  }
  return { input, output }
}

async function textOption<Name extends 'assignment' | 'rubric'>(
  options: Options,
  name: Name,
): Promise<{ readonly [name in Name]?: string }> {
  const path = options[name]
  if (typeof path !== 'string') {
    return {}
  }
  try {
    return { [name]: (await readFile(path, 'utf8')).trim() } as { readonly [name in Name]?: string }
  } catch (error) {
    throw new CommandError(exitCodes.badInput, `--${name} ${path} cannot be read (${messageOf(error)}); name a text file`)
  }
}

/** A whole number from 0 on. */
function countOption(options: Options, name: string, standard: number): number {
  const value = Number(options[name] ?? standard)
  if (!Number.isInteger(value) || value < 0) {
    throw new CommandError(exitCodes.badInput, `${flagOf(name)} is '${String(options[name])}'; give a whole number, 0 for no limit`)
  }
  return value
}

/** Says each message once: a hundred comparisons meet the same wrong key. */
function once(say: (message: string) => void): (message: string) => void {
  const said = new Set<string>()
  return (message) => {
    if (!said.has(message)) {
      said.add(message)
      say(message)
    }
  }
}

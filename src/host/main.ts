#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { messageOf } from '../runtime/errors.ts'
import { actCommand } from './cli/act.ts'
import { discardDeadLetter, listDeadLetters, replayDeadLetter, showDeadLetter } from './cli/dead-letters.ts'
import { demo } from './cli/demo.ts'
import { doctor } from './cli/doctor.ts'
import { forgetCommand } from './cli/forget.ts'
import { showJournal, showResult, why } from './cli/inspect.ts'
import { createOutput, type Output } from './cli/output.ts'
import { listBatches } from './cli/list-batches.ts'
import { migrateCommand } from './cli/migrate.ts'
import { rank } from './cli/rank.ts'
import { serve } from './cli/serve.ts'
import { watchBatch } from './cli/watch.ts'
import { exitCodeOf } from './command-error.ts'
import { exitCodes } from './exit-codes.ts'
import { type OperatorAct, operatorActs } from './operator.ts'
import { version } from './version.ts'

type Options = Readonly<Record<string, string | boolean | undefined>>

/** The `quire` command. Every command takes `--json`: then the last line of stdout is one JSON object. */
export function createProgram(run: (work: (output: Output) => Promise<void>, options: Options) => Promise<void>): Command {
  const program = new Command('quire').description('Durable comparative-judgement batches.').version(version()).exitOverride()
  const json = ['--json', 'print one JSON object as the last line of stdout'] as const
  demoCommand(program, json, run)
  program
    .command('rank <folder>')
    .description('rank the .txt and .md files of a folder; run it again and it goes on where it was')
    .option('--judge <name>', 'who compares: mock (a text heuristic), openai (a chat endpoint), or FILE.csv of judgements', 'mock')
    .option(
      '--base-url <url>',
      'of openai: any OpenAI-compatible endpoint (OPENAI_BASE_URL); the key is QUIRE_OPENAI_API_KEY or OPENAI_API_KEY',
    )
    .option('--model <name>', 'of openai: the model')
    .option('--assignment <file>', 'of openai: the task the essays answer')
    .option('--rubric <file>', 'of openai: what a better essay is')
    .option('--requests-per-minute <n>', 'of openai: calls a minute at most, 0 = no limit; default 120')
    .option('--price-in <usd>', 'of openai: price of a million input tokens')
    .option('--price-out <usd>', 'of openai: price of a million output tokens')
    .option('--plan', 'only say what it would take: comparisons, tokens and price')
    .option('--data <dir>', "data folder; default: in the user's own data folder, by the essays' path")
    .option('--max-comparisons <n>', 'a request to spend this many comparisons; default: what the policy needs')
    .option(...json)
    .action((folder: string, options: Options) => run((output) => rank(folder, options, output), options))
  stored(program.command('batches').description('list stored batches'), json)
    .option('--state <state>', 'only this state, e.g. WAITING_CALLBACKS')
    .option('--active', 'only batches that are not done')
    .option('--older-than <seconds>', 'only those born longer ago')
    .option('--stuck', 'only those without a next cause; in health there are none')
    .action((options: Options) => run((output) => listBatches(options, output), options))
  stored(program.command('why <batch>').description('why it waits, what happens next and when'), json).action(
    (batch: string, options: Options) => run((output) => why(batch, options, output), options),
  )
  stored(program.command('journal [batch]').description('everything that happened to it, with the numbers of its decisions'), json)
    .option('--address <address>', 'of something else: assignment/ID, course/ID, partition/N, inbound/TOPIC')
    .action((batch: string | undefined, options: Options) => run((output) => showJournal(batch, options, output), options))
  stored(program.command('result <batch>').description('ranking, scores and outbound events'), json)
    .option('--csv', 'the ranking alone, as CSV')
    .action((batch: string, options: Options) => run((output) => showResult(batch, options, output), options))
  operatorCommands(program, json, run)
  deadLetterCommands(program, json, run)
  program
    .command('serve')
    .description('batches as a service, set up by the environment (docs/settings.md)')
    .action((options: Options) => run(() => serve(process.env), options))
  stored(program.command('migrate').description('bring the schema of the database up to date, as a node does at its start'), json)
    .option('--check', 'only say what would run: exit status 11 if anything would')
    .action((options: Options) => run((output) => migrateCommand(options, output), options))
  stored(program.command('doctor').description('look at database, clock, log and broker, and say what to do'), json)
    .option('--accept-gap <partition>', "go on behind a gap of the log, of one partition or of 'all'; the journal says who did")
    .action((options: Options) => run((output) => doctor(options, output), options))
  return program
}

type Run = Parameters<typeof createProgram>[0]
type Flag = readonly [string, string]

const acts: Readonly<Record<OperatorAct, string>> = {
  cancel: 'end it as CANCELLED',
  force: 'finish it with what it has, if 80 % is settled',
  pause: 'count outcomes, but submit and decide nothing',
  resume: 'go on after a pause',
}

function demoCommand(program: Command, json: Flag, run: Run): void {
  program
    .command('demo')
    .description('rank four example essays, with an embedded database and a judge in this process')
    .option('--crash', 'kill the process with SIGKILL after some verdicts, start again and finish')
    .option('--page', 'rank all twelve, slowly, and watch on the live page until Ctrl-C')
    .option('--no-monitor', 'without the monitor: the result is the same')
    .addOption(program.createOption('--kill-after <n>', 'kill this process after n verdicts').hideHelp())
    .addOption(program.createOption('--data <dir>', 'data folder').hideHelp())
    .option(...json)
    .action((options: Options) => run((output) => demo(options, output), options))
}

function operatorCommands(program: Command, json: Flag, run: Run): void {
  for (const act of operatorActs) {
    stored(program.command(`${act} <batch>`).description(acts[act]), json)
      .option('--reason <text>', 'why: kept in the journal')
      .action((batch: string, options: Options) => run((output) => actCommand(act, batch, options, output), options))
  }
  stored(program.command('forget <batch>').description('erase everything stored of it: texts, verdicts, payloads, dead letters'), json)
    .option('--reason <text>', 'why: kept in the journal')
    .option('--running', 'also a batch that goes on; the platform is not told of its end')
    .action((batch: string, options: Options) => run((output) => forgetCommand(batch, options, output), options))
  stored(program.command('watch <batch>').description('what happened and what happens, until it is done'), json).action(
    (batch: string, options: Options) => run((output) => watchBatch(batch, options, output), options),
  )
}

function deadLetterCommands(program: Command, json: Flag, run: Run): void {
  const letters = program.command('dead-letters').description('messages that could not be handled')
  stored(letters.command('list').description('list them, oldest first'), json)
    .option('--batch <batch>', 'only those of this batch')
    .option('--all', 'also those that were replayed')
    .action((options: Options) => run((output) => listDeadLetters(options, output), options))
  const one = { show: showDeadLetter, replay: replayDeadLetter, discard: discardDeadLetter }
  const about = { show: 'one, with the message as it came', replay: 'send it again as a message of its own', discard: 'delete it for good' }
  for (const name of ['show', 'replay', 'discard'] as const) {
    const command = stored(letters.command(`${name} <id>`).description(about[name]), json)
    const acting = name === 'show' ? command : command.option('--reason <text>', 'why: kept in the journal')
    acting.action((id: string, options: Options) => run((output) => one[name](id, options, output), options))
  }
}

/** Options of the commands on stored batches. */
function stored(command: Command, json: readonly [string, string]): Command {
  return command
    .option('--data <dir>', 'data folder (QUIRE_DATA_DIR)')
    .option('--database <url>', 'postgres://... (QUIRE_DATABASE_URL)')
    .option(...json)
}

/** Runs a command: what it throws becomes one sentence on stderr and the documented exit status. */
async function runCommand(work: (output: Output) => Promise<void>, options: Options): Promise<void> {
  const output = createOutput(options['json'] === true, process)
  try {
    await work(output)
  } catch (error) {
    output.progressEnds()
    process.stderr.write(`quire: ${messageOf(error)}\n`)
    process.exitCode = exitCodeOf(error)
  }
}

try {
  await createProgram(runCommand).parseAsync()
} catch (error) {
  process.exitCode = error instanceof CommanderError && error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
}

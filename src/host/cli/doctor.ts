import { userInfo } from 'node:os'
import { createKafkajsClient } from '../../kafka/kafkajs-client.ts'
import { mailboxTopic } from '../../kafka/client-ports.ts'
import { type KafkaOptions, kafkaSettings } from '../../kafka/options.ts'
import { migrationsOf } from '../../persistence/survey.ts'
import type { Upkeep } from '../../persistence/upkeep.ts'
import { messageOf } from '../../runtime/errors.ts'
import { silentLogger, systemClock } from '../../runtime/system.ts'
import { CommandError } from '../command-error.ts'
import { type Check, ill } from '../doctor/check.ts'
import { databaseChecks } from '../doctor/database-checks.ts'
import { failureChecks } from '../doctor/failure-checks.ts'
import { type HaltedLog, logChecks } from '../doctor/log-checks.ts'
import { settingChecks } from '../doctor/setting-checks.ts'
import { exitCodes } from '../exit-codes.ts'
import { kafkaOptionsOf } from '../quire-options.ts'
import { readableSettings } from '../read-settings.ts'
import { type DataOptions, folderWithoutData, namedSource } from './data.ts'
import { openUpkeep } from './open-database.ts'
import { operatorsBatch } from './operators-batch.ts'
import type { Output } from './output.ts'

type Options = Readonly<Record<string, string | boolean | undefined>>

/** `quire doctor`: looks at everything Quire needs and changes nothing, unless a gap is to be accepted. */
export async function doctor(options: Options, output: Output): Promise<void> {
  const { settings, problems } = readableSettings(process.env)
  const ofSettings = settingChecks(process.env, problems)
  const empty = folderWithoutData(namedSource(options as DataOptions, process.env))
  if (empty !== undefined) {
    report([...ofSettings, ill('database', empty, 'check --data or QUIRE_DATA_DIR, or start a node: it makes the folder')], [], output)
    return
  }
  const { upkeep, close } = await openUpkeep(options as DataOptions, settings.databaseSchema)
  try {
    const { checks: found, halted } = await examine(upkeep, kafkaOptionsOf(settings), settings.mailboxPartitions)
    report([...ofSettings, ...found], await acceptGaps(options['acceptGap'], halted, upkeep), output)
  } finally {
    await close()
  }
}

function report(checks: readonly Check[], accepted: readonly HaltedLog[], output: Output): void {
  const ok = checks.every((check) => check.ok)
  const lines = checks.map(
    ({ name, ok: fine, detail, remedy }) => `${fine ? 'ok  ' : 'FAIL'}  ${name}: ${detail}${remedy === null ? '' : ` - ${remedy}`}`,
  )
  const moved = accepted.map(
    ({ partition, from, to }) => `partition ${partition} goes on at offset ${to} instead of ${from}; the journal says so`,
  )
  output.result({ ok, checks, accepted }, [...lines, ...moved])
  process.exitCode = ok || accepted.length > 0 ? exitCodes.ok : exitCodes.unwell
}

interface Findings {
  readonly checks: readonly Check[]
  readonly halted: readonly HaltedLog[]
}

async function examine(upkeep: Upkeep, kafka: KafkaOptions | undefined, partitions: number): Promise<Findings> {
  const topic = `${kafka?.topicPrefix ?? ''}${mailboxTopic}`
  try {
    const before = systemClock.now()
    const found = await upkeep.survey()
    const definition = operatorsBatch()
    const migrations = migrationsOf(found, definition.tables ?? [])
    const now = (before + systemClock.now()) / 2
    const log = kafka === undefined ? 'a table of the database' : `Kafka topic ${topic}`
    const ofDatabase = databaseChecks(found, migrations, now, { log, partitions }, [{ type: 'batch', definition }])
    if (found.schema === null || migrations.pending.length > 0) {
      return { checks: ofDatabase, halted: [] }
    }
    const checks = [...ofDatabase, ...(await failureChecks(upkeep))]
    if (kafka === undefined) {
      return { checks, halted: [] }
    }
    const client = createKafkajsClient(kafkaSettings(kafka), 'quire-doctor', { clock: systemClock, logger: silentLogger })
    const read = await logChecks(client, topic, upkeep, Number(found.schema.settings['partitions'])).finally(() => client.close())
    return { checks: [...checks, ...read.checks], halted: read.halted }
  } catch (error) {
    return { checks: [ill('database', messageOf(error), 'start it, or check its address and password')], halted: [] }
  }
}

/** What lies between is given up by an operator, by name. @throws CommandError for a partition that is not halted */
async function acceptGaps(
  given: string | boolean | undefined,
  halted: readonly HaltedLog[],
  upkeep: Upkeep,
): Promise<readonly HaltedLog[]> {
  if (given === undefined || given === false) {
    return []
  }
  const wanted = given === 'all' || given === true ? halted : halted.filter(({ partition }) => String(partition) === given)
  if (wanted.length === 0) {
    throw new CommandError(
      exitCodes.refused,
      given === 'all' || given === true ? 'no partition stands still' : `partition ${given} does not stand still`,
    )
  }
  const by = userInfo().username
  const moved: HaltedLog[] = []
  for (const gap of wanted) {
    if (await upkeep.acceptGap({ ...gap, by, at: systemClock.now() })) {
      moved.push(gap)
    }
  }
  return moved
}

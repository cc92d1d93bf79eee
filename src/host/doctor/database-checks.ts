import type { Migrations, SchemaSurvey, Survey } from '../../persistence/survey.ts'
import type { RegisteredActor } from '../../runtime/registry.ts'
import { standingOf } from '../../runtime/standing.ts'
import { type Check, ill, well } from './check.ts'

/** A clock further away than this is an alarm, ms (rules 17). */
const mostSkewMs = 2_000

/** How this process is configured, which a database fixes when it is made. */
export interface Configured {
  readonly log: string
  readonly partitions: number
}

type KnownActor = Pick<RegisteredActor, 'type' | 'definition'>

/** What the survey of a database says. `now` is this machine's clock, ms, in the middle of the survey. */
export function databaseChecks(
  { version, now: theirs, schema }: Survey,
  migrations: Migrations,
  now: number,
  configured: Configured,
  known: readonly KnownActor[],
): readonly Check[] {
  const skew = Math.round(theirs - now)
  const clock =
    Math.abs(skew) <= mostSkewMs
      ? well('clock', `the database's clock is ${skew} ms away`)
      : ill('clock', `the database's clock is ${skew} ms away`, 'synchronise the clocks of both machines (NTP)')
  const database = well('database', version.split(' on ')[0] ?? version)
  return schema === null
    ? [database, clock, ill('schema', 'Quire was never started here', 'quire migrate, or start a node: it makes the schema')]
    : [database, clock, schemaCheck(migrations), logCheck(schema, configured), ...actorChecks(schema, known)]
}

function schemaCheck({ pending, unknown }: Migrations): Check {
  if (unknown.length > 0) {
    return ill('schema', `it was migrated by a newer version: ${unknown.join(', ')}`, 'upgrade this package')
  }
  return pending.length === 0
    ? well('schema', 'up to date')
    : ill('schema', `not migrated yet: ${pending.join(', ')}`, 'quire migrate, or start a node of this version: it migrates')
}

function logCheck({ settings }: SchemaSurvey, { log, partitions }: Configured): Check {
  const stored = settings['log'] ?? log
  const count = Number(settings['partitions'] ?? partitions)
  const detail = `${stored}, ${count} partitions`
  const wrong = [...(stored === log ? [] : [log]), ...(count === partitions ? [] : [`${partitions} partitions`])]
  const remedies = [
    ...(stored === log ? [] : [`configure ${stored} (QUIRE_KAFKA_BROKERS, QUIRE_TOPIC_PREFIX)`]),
    ...(count === partitions ? [] : [`set QUIRE_MAILBOX_PARTITIONS to ${count}`]),
  ]
  return wrong.length === 0
    ? well('log', detail)
    : ill('log', `${detail}; this process is configured for ${wrong.join(' and ')}`, remedies.join(', and '))
}

function actorChecks({ writtenBy, parked, deadLetters }: SchemaSurvey, known: readonly KnownActor[]): readonly Check[] {
  const names = parked.slice(0, 5).join(', ')
  const standing = standingOf(writtenBy, known)
  return [
    parked.length === 0
      ? well('actors', 'none is parked')
      : ill('actors', `${standing.parked} are parked: ${names}`, 'mend what their dead letters name, deploy, and replay them'),
    standing.newer === 0
      ? well('versions', 'every active actor can be read here')
      : ill('versions', `${standing.newer} active actors were written by a newer version and stand still`, 'deploy that version again'),
    well('dead letters', `${deadLetters} not replayed`),
  ]
}

import { batchActor, createQuire, type Logger } from '../../src/index.ts'
import { contentOverHttp } from './content-over-http.ts'
import { hostSettings } from './host-settings.ts'
import { judgeOverHttp } from './judge-over-http.ts'

/**
 * One embedding process. Start as many as you like with the same settings: they share the partitions out, and what one leaves
 * the others take over. In a project of your own the import is '@quire-cj/quire'.
 */
const settings = hostSettings(process.env)
const say = (level: string) => (fields: object, message: string) =>
  console.log(JSON.stringify({ at: new Date().toISOString(), level, host: settings.name, message, ...fields }))
const logger: Logger = { debug() {}, info: say('info'), warn: say('warn'), error: say('error') }

const quire = await createQuire({
  database: settings.database,
  kafka: settings.kafka,
  owner: settings.name,
  ...settings.runtime,
  actors: {
    batch: batchActor({
      judge: judgeOverHttp({ url: settings.judgeUrl, callbackTopic: settings.callbackTopic }),
      content: contentOverHttp(settings.contentUrl),
      settings: settings.batch,
    }),
  },
  logger,
})

let shown = ''
quire.status.subscribe(({ context }) => {
  const { phase, database, broker, partitions, halted, alarm } = context
  const now = { phase, database: database.state, broker: broker?.state, partitions: partitions.length, halted, alarm }
  if (JSON.stringify(now) !== shown) {
    shown = JSON.stringify(now)
    logger.info(now, 'status')
  }
  if (phase === 'halted') {
    process.exit(1)
  }
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void quire.stop({ drainMs: 10_000 }).then(() => process.exit(0)))
}
await quire.start()

import { contentService } from '../../batch/tasks/content-service.ts'
import { providerJudge } from '../../batch/tasks/provider-judge.ts'
import { topics } from '../../batch/wire/topics.ts'
import type { Logger } from '../../runtime/ports.ts'
import { systemClock, systemRandom } from '../../runtime/system.ts'
import { batchSettingsOf } from '../batch-settings.ts'
import { CommandError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'
import { createLog } from '../log.ts'
import { type Environment, noSetting, readServeSettings, type ServeSettings, unknownSettings } from '../read-settings.ts'
import { type BatchService, createBatchService } from '../service.ts'
import type { ServiceSettings } from '../settings.ts'

/** `quire serve`: the service by the settings of the environment, until a signal ends it. */
export async function serve(environment: Environment): Promise<void> {
  const settings = readServeSettings(environment)
  const log = createLog({ level: settings.logLevel })
  for (const name of unknownSettings(environment)) {
    log.warn({ name }, `${name} ${noSetting}`)
  }
  const service = await createBatchService({ settings, ...platformOf(settings, log), logger: log })
  const ended = endOnSignal(service, settings)
  try {
    await service.start()
  } catch (error) {
    await service.stop({ drainMs: 0 })
    throw startError(error, settings)
  }
  await ended
}

/** The services a batch needs. */
function platformOf(settings: ServeSettings, logger: Logger) {
  const { contentServiceUrl, llmProviderServiceUrl, topicPrefix = '' } = settings
  const ports = { settings: batchSettingsOf(settings), clock: systemClock, random: systemRandom, logger }
  const callbackTopic = `${topicPrefix}${topics.callback}`
  return {
    content: contentService({ ...ports, url: contentServiceUrl }),
    judge: providerJudge({ ...ports, url: llmProviderServiceUrl, callbackTopic }),
  }
}

/** SIGTERM and SIGINT drain; a second one ends the process at once, which loses nothing: what is committed goes on elsewhere. */
function endOnSignal(service: BatchService, settings: ServiceSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    let asked = false
    const end = (): void => {
      if (asked) {
        process.exit(exitCodes.failed)
      }
      asked = true
      service.stop({ drainMs: settings.shutdownSeconds * 1_000 }).then(resolve, reject)
    }
    process.on('SIGTERM', end)
    process.on('SIGINT', end)
  })
}

function startError(error: unknown, { httpHost, httpPort }: ServiceSettings): unknown {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined
  return code === 'EADDRINUSE' || code === 'EADDRNOTAVAIL' || code === 'EACCES'
    ? new CommandError(
        exitCodes.badInput,
        `QUIRE_HTTP_HOST ${httpHost}, QUIRE_HTTP_PORT ${httpPort}: cannot listen there (${code}); name another address, or end the process that has it`,
      )
    : error
}

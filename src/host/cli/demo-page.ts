import { batchAddress } from '../../batch/request.ts'
import { batchSettings } from '../../batch/settings.ts'
import { readEssayFolder } from '../essay-folder.ts'
import { mockJudge } from '../mock-judge.ts'
import { type BatchService, createBatchService } from '../service.ts'
import type { Output } from './output.ts'
import { rankingInput } from './ranking-input.ts'
import { rankingLines, rankingValue } from './ranking-report.ts'
import { contentOf, rankingOf } from './ranking-run.ts'

const batchId = 'demo'

/** So that a verdict takes half a second to two and a half, and somebody can watch. */
const slower = 8

/** `quire demo --page`: all essays of a folder are ranked by a service on a free port, with the live page, until Ctrl-C. */
export async function demoOnPage(dataDir: string, essaysFolder: string, output: Output): Promise<void> {
  const folder = await readEssayFolder(essaysFolder, { maxEssays: batchSettings.maxEssays })
  const service = await createBatchService({
    settings: { dataDir, httpPort: 0 },
    judge: mockJudge({ slower }),
    content: contentOf(folder),
  })
  const interrupted = interruption(service)
  try {
    await service.start()
    const url = `${service.url}/#/batches/${batchId}`
    output.say(`live page: ${url}`)
    const input = rankingInput({ folder, batchId, maxComparisons: undefined, recorded: undefined })
    await service.quire.create(batchAddress(batchId), input, { id: 'create', timeoutMs: 60_000 })
    const result = await Promise.race([rankingOf(service.quire, batchId, output), interrupted.then(() => undefined)])
    if (result !== undefined) {
      output.say('the page stays until Ctrl-C')
      output.result({ url, ...rankingValue(result) }, rankingLines(result))
      await interrupted
    }
  } finally {
    await service.stop({ drainMs: 1_000 })
  }
}

/** Resolves at Ctrl-C or SIGTERM, when the service has stopped; a follower of a stopped service is of no interest any more. */
function interruption(service: BatchService): Promise<void> {
  return new Promise((resolve) => {
    const onSignal = (): void => {
      resolve()
      void service.stop({ drainMs: 1_000 })
    }
    process.once('SIGINT', onSignal)
    process.once('SIGTERM', onSignal)
  })
}

import { check, type Findings } from './check/checker.ts'
import { everyHostOwns, everyPartitionMoved, recordHistory, recoveries } from './check/history.ts'
import { requestTopic } from './check/topics.ts'
import type { Fault } from './fault.ts'
import { type Accepted, type Load, startLoad } from './load.ts'
import { openScene, type Scene } from './scene.ts'
import type { Servers } from './servers.ts'
import { ensureTopics } from './topics-of-the-platform.ts'

export interface FaultResult extends Findings {
  readonly fault: string
  readonly injected: number
  /** From the end of a fault until every partition has handled a message again, ms. */
  readonly recoveryMs: { readonly p50: number; readonly max: number }
}

export interface FaultOptions {
  readonly seconds: number
  readonly perSecond?: number
  readonly deadlineSeconds?: number
  readonly logs?: string
  /** What happens, step by step. */
  readonly tell?: (what: string) => void
  /** Before everything is removed. */
  readonly afterwards?: (scene: Scene, accepted: Accepted) => Promise<void>
}

const recoveryPatienceMs = 120_000

/** Two hosts under a steady load, a fault done to them, everything healed, all left to finish, and then a look at what is there. */
export async function runFault(fault: Fault, servers: Servers, options: FaultOptions): Promise<FaultResult> {
  const tell = options.tell ?? (() => {})
  const scene = await openScene({
    servers,
    seconds: options.seconds,
    deadlineSeconds: options.deadlineSeconds ?? 10,
    logs: options.logs,
    tell,
  })
  try {
    await ensureTopics(servers.kafka.brokers, scene.topicPrefix)
    await fault.before?.(scene)
    const load = startLoad({
      brokers: servers.kafka.brokers,
      topic: `${scene.topicPrefix}${requestTopic}`,
      perSecond: options.perSecond ?? 6,
    })
    try {
      await Promise.all(scene.hosts.map((host) => host.start()))
      const result = await endured(fault, scene, load, tell)
      await options.afterwards?.(scene, load.accepted)
      return result
    } finally {
      await load.stop()
    }
  } finally {
    await scene.close()
  }
}

async function endured(fault: Fault, scene: Scene, load: Load, tell: (what: string) => void): Promise<FaultResult> {
  const { url } = scene.database
  const recording = recordHistory(url)
  if (fault.before === undefined) {
    await recording
    await everyHostOwns(url, scene.hosts.length, recoveryPatienceMs)
    await everyPartitionMoved(url, Date.now(), recoveryPatienceMs)
  }
  tell('the faults begin')
  scene.begin()
  await fault.inject(scene)
  await recording
  const last = Math.max(...scene.episodes.map(({ endedAt }) => endedAt))
  const recovered = await everyPartitionMoved(url, last, recoveryPatienceMs)
  tell(`healed; ${recovered ? 'every partition moves' : 'some partitions do not move'}`)
  await load.stop()
  tell('waiting for rest')
  const findings = await check(scene, load.accepted)
  const times = await recoveries(
    url,
    scene.episodes.map(({ endedAt }) => endedAt),
  )
  tell('checked')
  const complaints = [
    ...findings.complaints,
    ...scene.hosts.flatMap((host) => host.complaints()),
    ...(recovered ? [] : [`two minutes after '${scene.episodes.at(-1)?.what}' there was a partition that handled nothing`]),
  ]
  return { fault: fault.name, injected: scene.episodes.length, ...findings, recoveryMs: summaryOf(times), complaints }
}

function summaryOf(times: readonly number[]): FaultResult['recoveryMs'] {
  const sorted = [...times].sort((one, other) => one - other)
  return { p50: sorted[Math.floor((sorted.length - 1) / 2)] ?? -1, max: sorted.at(-1) ?? -1 }
}

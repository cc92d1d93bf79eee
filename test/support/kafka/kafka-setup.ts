import { relative } from 'node:path'
import type { TestModule, TestProject } from 'vitest/node'
import { findKafkaTools, type KafkaAvailability, kafkaAvailability } from './availability.ts'
import { closingOf, isCi, type UnrunFile } from './closing.ts'
import { type SharedKafka, serveKafkaOnDemand } from './on-demand.ts'
import { startKafka } from './start-kafka.ts'

declare module 'vitest' {
  interface ProvidedContext {
    readonly kafka: KafkaAvailability & { readonly onDemandUrl: string; readonly isNamed: boolean }
  }

  interface TaskMeta {
    /** The test needs a Kafka that is not there. */
    readonly wantsKafka?: boolean
  }
}

/** One real single-node Kafka for the whole run, started when the first test file needs it; at the end, what could not run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const tools = await findKafkaTools(process.env)
  const availability = kafkaAvailability(tools)
  const isNamed = tools.brokers.length > 0
  const named: SharedKafka = { brokers: tools.brokers, stopAll: async () => {} }
  const onDemand = await serveKafkaOnDemand(async () => (isNamed ? named : startKafka()))
  project.provide('kafka', { ...availability, onDemandUrl: onDemand.url, isNamed })
  return async () => {
    await onDemand.close()
    const unrun = project.vitest.state.getTestModules().flatMap((module) => unrunOf(module, project.config.root))
    const { banner, failed } = closingOf(unrun, availability.missing, isCi(process.env))
    if (banner !== undefined) {
      process.stderr.write(banner)
    }
    if (failed) {
      process.exitCode = 1
    }
  }
}

function unrunOf(module: TestModule, root: string): UnrunFile[] {
  const tests = [...module.children.allTests()].filter((test) => test.meta().wantsKafka).length
  return tests === 0 ? [] : [{ path: relative(root, module.moduleId), tests }]
}

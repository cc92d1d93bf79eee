import type { ActorDefinition } from './define-actor.ts'
import { DurableRuntime } from './durable-runtime.ts'
import { type RuntimeOptions, runtimeOptions } from './options.ts'
import { createRegistry } from './registry.ts'
import type { Runtime, RuntimePorts } from './runtime-api.ts'

/** Builds a runtime on ports. @throws QuireError `invalid-definition`, `invalid-option` */
export function createRuntime(
  actors: Readonly<Record<string, ActorDefinition>>,
  ports: RuntimePorts,
  given: Partial<RuntimeOptions> = {},
): Runtime {
  const options = runtimeOptions(given, ports.ids.next())
  return new DurableRuntime(createRegistry(actors), ports, options)
}

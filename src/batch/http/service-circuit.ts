import type { BackOffLimits } from '../../runtime/back-off.ts'
import type { Clock, Logger, Random } from '../../runtime/ports.ts'
import type { BatchSettings } from '../settings.ts'
import { hostOf, isAlive } from './exchange.ts'
import { HostCircuit } from './host-circuit.ts'

/** What a client of a service needs beside its URL. */
export interface ServicePorts {
  readonly settings: Pick<BatchSettings, 'providerPatienceSeconds'>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Waits of the circuit; default 1 s to 30 s. */
  readonly backOff?: BackOffLimits
}

/** The circuit of a service; `url` is asked whether it is there. */
export function serviceCircuit(url: string, { settings, clock, random, logger, backOff }: ServicePorts): HostCircuit {
  return new HostCircuit({
    host: hostOf(url),
    probe: () => isAlive(url, new AbortController().signal),
    patienceMs: settings.providerPatienceSeconds * 1_000,
    clock,
    random,
    logger,
    ...(backOff === undefined ? {} : { backOff }),
  })
}

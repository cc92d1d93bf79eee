import type { Fault } from '../fault.ts'
import { both } from './both.ts'
import { broker, brokers } from './broker.ts'
import { kill9 } from './kill9.ts'
import { network } from './network.ts'
import { postgres } from './postgres.ts'
import { recovery } from './recovery.ts'
import { terminate } from './terminate.ts'
import { zombie } from './zombie.ts'

const named: Readonly<Record<string, Fault>> = { kill9, zombie, postgres, recovery, terminate, both, network }

export const faultNames: readonly string[] = [...Object.keys(named), 'broker']

/** @param brokers how many there are for the fault `broker` */
export function faultOf(name: string, seconds: number, brokerCount: 1 | 3): Fault {
  const fault = name === 'broker' ? (brokerCount === 3 ? brokers : broker(seconds)) : named[name]
  if (fault === undefined) {
    throw new Error(`there is no fault '${name}'; take one of ${faultNames.join(', ')}`)
  }
  return fault
}

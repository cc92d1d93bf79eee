import { z } from 'zod'
import { entityFields } from './completion.ts'
import { outboundMessage } from './envelope.ts'
import { countOut, timeOut } from './formats.ts'
import { eventNames, sourceService, topics } from './topics.ts'

/** ResourceConsumptionV1: what a batch is billed for, once (domain 4.9). */
export const resourceUseData = z.strictObject({
  ...entityFields(eventNames.resource),
  user_id: z.string().min(1),
  org_id: z.string().nullable(),
  resource_type: z.literal('cj_comparison'),
  quantity: countOut.describe('Comparisons with a verdict, counted.'),
  service_name: z.literal(sourceService),
  processing_id: z.string().min(1),
  consumed_at: timeOut,
})

export type ResourceUseData = z.output<typeof resourceUseData>

export const resourceUseMessage = outboundMessage(topics.resource, resourceUseData)

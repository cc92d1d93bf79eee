import { type BatchSettings, batchSettings } from '../batch/settings.ts'
import type { ServiceSettings } from './settings.ts'

/** The settings of batches among those of the service: the fields have the same names. */
export function batchSettingsOf(settings: ServiceSettings): BatchSettings {
  const names = Object.keys(batchSettings) as (keyof BatchSettings)[]
  return Object.fromEntries(names.map((name) => [name, settings[name]])) as { -readonly [K in keyof BatchSettings]: BatchSettings[K] }
}

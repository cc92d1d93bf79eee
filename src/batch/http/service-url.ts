import { QuireError } from '../../runtime/errors.ts'

/**
 * The base URL of a service, without slashes at its end.
 * @param field the setting it comes from
 * @throws QuireError `invalid-option` when it is none
 */
export function serviceUrl(given: string, { service, field, example }: Readonly<Record<'service' | 'field' | 'example', string>>): string {
  const base = given.replace(/\/+$/, '')
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    throw new QuireError('invalid-option', `the URL of the ${service} is '${given}'; give ${example}`, { details: { field } })
  }
  return base
}

import { z } from 'zod'

/** A UUID as others write it: any version, any case. */
export const uuidIn = z.guid()

/** A time as others write it: ISO-8601, with an offset or without (then UTC), to any fraction of a second. */
export const timeIn = z.iso.datetime({ offset: true, local: true })

/** One that others wrote, sent on: of any version, in lower case. */
export const uuidThrough = z.guid().regex(/^[^A-F]*$/, 'lower case is needed')

export const uuidOut = z.uuid().regex(/^[^A-F]*$/, 'lower case is needed')

/** ISO-8601 in UTC, to the millisecond. */
export const timeOut = z.iso.datetime()

export const countOut = z.int().nonnegative()

/** ms since the epoch of a `timeIn`; undefined when it is none. */
export function momentOf(time: string): number | undefined {
  const hasOffset = /(?:Z|[+-]\d\d:?\d\d)$/i.test(time)
  const moment = Date.parse(hasOffset ? time : `${time}Z`)
  return Number.isNaN(moment) ? undefined : moment
}

/** @param at ms since the epoch */
export function isoTime(at: number): string {
  return new Date(at).toISOString()
}

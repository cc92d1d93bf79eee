import { createHash } from 'node:crypto'
import { addressHash } from '../runtime/message.ts'

/** What a comparison id holds: the address's hash, the slot's number and the attempt, from 1. */
export interface ComparisonPlace {
  /** 14 hex digits. */
  readonly hash: string
  readonly slot: number
  readonly attempt: number
}

/**
 * Id of one attempt of one slot: a UUIDv8 of hash (56 bits), slot (32), attempt (8) and 26 check bits, so that a callback finds its
 * batch's partition by its id alone, and a foreign UUID is told apart (rules 2).
 */
export function comparisonId(address: string, slot: number, attempt: number): string {
  return format({ hash: addressHash(address), slot, attempt })
}

/** The parts of an id, or undefined when it is none of ours. */
export function parseComparisonId(id: string): ComparisonPlace | undefined {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.test(id)) {
    return undefined
  }
  const bits = BigInt(`0x${id.replaceAll('-', '')}`)
  const payload = ((bits >> 80n) << 74n) | (((bits >> 64n) & 0xfffn) << 62n) | (bits & ((1n << 62n) - 1n))
  const place = {
    hash: (payload >> 66n).toString(16).padStart(14, '0'),
    slot: Number((payload >> 34n) & 0xffffffffn),
    attempt: Number((payload >> 26n) & 0xffn),
  }
  return (payload & checkMask) === checkOf(place) ? place : undefined
}

const checkMask = (1n << 26n) - 1n

/** 48 bits, version 8, 12 bits, variant 10, 62 bits (RFC 9562). */
function format(place: ComparisonPlace): string {
  const payload = (BigInt(`0x${place.hash}`) << 66n) | (BigInt(place.slot) << 34n) | (BigInt(place.attempt) << 26n) | checkOf(place)
  const bits = ((payload >> 74n) << 80n) | (8n << 76n) | (((payload >> 62n) & 0xfffn) << 64n) | (2n << 62n) | (payload & ((1n << 62n) - 1n))
  const hex = bits.toString(16).padStart(32, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

function checkOf({ hash, slot, attempt }: ComparisonPlace): bigint {
  return BigInt(`0x${createHash('sha256').update(`${hash}/${slot}/${attempt}`).digest('hex').slice(0, 8)}`) & checkMask
}

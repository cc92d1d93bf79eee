import { describe, expect, it } from 'vitest'
import { faultOf, Stream } from '../../src/kafka/stream.ts'

/** Records of these offsets, each with the id `r<offset>`. */
const records = (...offsets: number[]) => offsets.map((offset) => ({ offset, id: `r${offset}` }))
const offsetsOf = (stream: Stream<{ offset: number; id: string }>, from: number): number[] =>
  stream.from(from, 10_000).map(({ offset }) => offset)

/** A stream whose position is `offset`, with nothing known of the record before. */
const at = (offset: number, low = 0) => new Stream({ partition: 7, offset, lastRecord: null }, low)

describe('a stream without a known record before its start', () => {
  it('begins at its position and takes what follows', () => {
    const stream = at(5)
    expect(stream.seekTo).toBe(5)
    expect(stream.take(records(5, 6, 7))).toEqual({ kind: 'taken' })
    expect(stream.next).toBe(8)
    expect(offsetsOf(stream, 5)).toEqual([5, 6, 7])
  })

  it('drops what lies below its position', () => {
    const stream = at(5)
    expect(stream.take(records(3, 4, 5, 6))).toEqual({ kind: 'taken' })
    expect(offsetsOf(stream, 5)).toEqual([5, 6])
    expect(stream.take(records(6, 7))).toEqual({ kind: 'taken' })
    expect(offsetsOf(stream, 5)).toEqual([5, 6, 7])
  })

  it('must be opened anew when a whole batch lies below: the client reads from elsewhere', () => {
    const stream = at(5)
    expect(stream.take(records(1, 2, 3))).toEqual({ kind: 'reopen' })
    expect(offsetsOf(stream, 5)).toEqual([])
  })

  it('seeks back once where a gap shows, and takes the same gap for legal when it comes again', () => {
    const stream = at(5)
    expect(stream.take(records(8, 9))).toEqual({ kind: 'seek', offset: 5 })
    expect(offsetsOf(stream, 5)).toEqual([])
    expect(stream.take(records(8, 9))).toEqual({ kind: 'taken' })
    expect(offsetsOf(stream, 5)).toEqual([8, 9])
  })

  it('loses nothing of a gap that was none', () => {
    const stream = at(5)
    expect(stream.take(records(8, 9))).toEqual({ kind: 'seek', offset: 5 })
    expect(stream.take(records(5, 6, 7, 8))).toEqual({ kind: 'taken' })
    expect(offsetsOf(stream, 5)).toEqual([5, 6, 7, 8])
  })

  it('loses nothing when another batch from above comes in between', () => {
    const stream = at(5)
    expect(stream.take(records(8, 9))).toEqual({ kind: 'seek', offset: 5 })
    expect(stream.take(records(9, 10))).toEqual({ kind: 'seek', offset: 5 })
    expect(stream.take(records(8, 9))).toEqual({ kind: 'seek', offset: 5 })
    expect(stream.take(records(8, 9, 10))).toEqual({ kind: 'taken' })
    expect(offsetsOf(stream, 5)).toEqual([8, 9, 10])
  })

  it('seeks back again at the next gap', () => {
    const stream = at(5)
    stream.take(records(8))
    stream.take(records(8))
    expect(stream.take(records(12))).toEqual({ kind: 'seek', offset: 9 })
    expect(stream.take(records(12))).toEqual({ kind: 'taken' })
    expect(offsetsOf(stream, 5)).toEqual([8, 12])
  })

  it('takes gaps within a batch: a log may have them', () => {
    const stream = at(5)
    expect(stream.take(records(5, 9, 11))).toEqual({ kind: 'taken' })
    expect(offsetsOf(stream, 5)).toEqual([5, 9, 11])
    expect(stream.next).toBe(12)
  })

  it('forgets what lies below the offset it is asked from, and gives at most what is asked', () => {
    const stream = at(0)
    stream.take(records(0, 1, 2, 3))
    expect(stream.from(0, 2).map(({ offset }) => offset)).toEqual([0, 1])
    expect(offsetsOf(stream, 2)).toEqual([2, 3])
    expect(offsetsOf(stream, 0)).toEqual([2, 3])
    expect(offsetsOf(stream, 9)).toEqual([])
  })

  it('says when it is full, and when there is room again', () => {
    const stream = at(0)
    stream.take(records(...Array.from({ length: 3_999 }, (_, index) => index)))
    expect([stream.isFull, stream.isHalfEmpty]).toEqual([false, false])
    stream.take(records(3_999))
    expect([stream.isFull, stream.isHalfEmpty]).toEqual([true, false])
    stream.from(2_000, 1)
    expect([stream.isFull, stream.isHalfEmpty]).toEqual([false, true])
  })
})

describe('a stream that knows the record before its start', () => {
  const knowing = (lastRecord: string, low = 0) => new Stream({ partition: 7, offset: 5, lastRecord }, low)

  it('seeks to it, recognises it, and does not give it', () => {
    const stream = knowing('r4')
    expect(stream.seekTo).toBe(4)
    expect(stream.take(records(4, 5, 6))).toEqual({ kind: 'taken' })
    expect(stream.fault).toBeUndefined()
    expect(offsetsOf(stream, 5)).toEqual([5, 6])
  })

  it('recognises it also when it comes alone', () => {
    const stream = knowing('r4')
    expect(stream.take(records(4))).toEqual({ kind: 'taken' })
    expect(stream.seekTo).toBe(5)
    expect(stream.take(records(5))).toEqual({ kind: 'taken' })
    expect(offsetsOf(stream, 5)).toEqual([5])
  })

  it('tells another log by another record there, names both, and gives nothing of it', () => {
    const stream = knowing('mine')
    stream.take(records(4, 5, 6))
    expect(stream.fault).toMatchObject({ partition: 7, code: 'log-replaced' })
    expect(stream.fault?.message).toMatch(/offset 4 holds 'r4'.*handled 'mine'.*quire doctor --accept-gap/)
    expect(offsetsOf(stream, 5)).toEqual([])
  })

  it('begins at its position when the log no longer has that record', () => {
    const stream = knowing('gone', 5)
    expect(stream.seekTo).toBe(5)
    expect(stream.take(records(5))).toEqual({ kind: 'taken' })
    expect(stream.fault).toBeUndefined()
  })

  it('takes a log that compacted it away for the same log', () => {
    const stream = knowing('gone')
    expect(stream.take(records(5, 6))).toEqual({ kind: 'taken' })
    expect(stream.fault).toBeUndefined()
    expect(offsetsOf(stream, 5)).toEqual([5, 6])
  })
})

describe('the ends of a log against the position', () => {
  const start = { partition: 3, offset: 10, lastRecord: null }

  it.each([
    ['begins at the position', { low: 10, high: 10 }],
    ['ends at the position', { low: 0, high: 10 }],
    ['lies around it', { low: 4, high: 30 }],
  ])('a log that %s can be followed', (_, ends) => {
    expect(faultOf(start, ends)).toBeUndefined()
  })

  it('a log that begins above the position was truncated, by so many offsets', () => {
    const fault = faultOf(start, { low: 14, high: 20 })
    expect(fault).toMatchObject({ partition: 3, code: 'log-truncated' })
    expect(fault?.message).toMatch(/begins at offset 14.*up to 10: 4 offsets are gone.*quire doctor --accept-gap/)
  })

  it('a log that ends below the position is another log', () => {
    const fault = faultOf(start, { low: 0, high: 9 })
    expect(fault).toMatchObject({ partition: 3, code: 'log-replaced' })
    expect(fault?.message).toMatch(/ends at offset 9.*up to 10/)
  })
})

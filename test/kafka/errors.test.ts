import { KafkaJSConnectionError, KafkaJSNonRetriableError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { brokerFailure, classified, isUnknownTopic, refusalOf } from '../../src/kafka/errors.ts'
import { QuireError } from '../../src/runtime/errors.ts'
import { PortFailure } from '../../src/runtime/port-failure.ts'

/** An error of the protocol as kafkajs throws it. */
const protocol = (type: string): Error => Object.assign(new KafkaJSProtocolError(new Error(`the broker said ${type}`)), { type })
/** As it comes when the retries of the client are used up. */
const exhausted = (cause: Error): Error => new KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 2, retryTime: 100 })
const coded = (code: string): Error => Object.assign(new Error(`connect ${code} 127.0.0.1:9092`), { code })

describe('what a broker or its client throws', () => {
  it.each([
    [coded('ECONNREFUSED'), 'refused'],
    [coded('ENOTFOUND'), 'host not found'],
    [coded('ECONNRESET'), 'connection lost'],
    [new KafkaJSConnectionError('Connection timeout'), 'timeout'],
    [protocol('NOT_ENOUGH_REPLICAS'), 'not enough in-sync replicas'],
    [exhausted(protocol('NOT_LEADER_FOR_PARTITION')), 'no leader or coordinator yet'],
    [new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')], 'all addresses failed'), 'refused'],
  ])('%s passes by itself', (error, reason) => {
    expect(brokerFailure(error)).toMatchObject({ server: 'broker', kind: 'transient', reason, cause: error })
  })

  it.each([
    [Object.assign(new Error('PLAIN: wrong password'), { name: 'KafkaJSSASLAuthenticationError' }), 'authentication'],
    [protocol('TOPIC_AUTHORIZATION_FAILED'), 'not authorised'],
    [exhausted(protocol('GROUP_AUTHORIZATION_FAILED')), 'not authorised'],
    [coded('DEPTH_ZERO_SELF_SIGNED_CERT'), 'TLS certificate'],
    [protocol('INVALID_REPLICATION_FACTOR'), 'topic settings'],
    [Object.assign(new Error('Snappy compression not implemented'), { name: 'KafkaJSNotImplemented' }), 'compression'],
  ])('%s waits for a person', (error, reason) => {
    expect(brokerFailure(error)).toMatchObject({ server: 'broker', kind: 'blocked', reason })
  })

  it('never passes when the record itself is too large', () => {
    expect(brokerFailure(exhausted(protocol('MESSAGE_TOO_LARGE')))).toMatchObject({ kind: 'permanent', reason: 'size of a record' })
  })

  it('passes by itself when it is unknown, and is told in its own words, cut short', () => {
    expect(brokerFailure(new Error('x'.repeat(1_000)))).toMatchObject({
      kind: 'transient',
      reason: expect.stringMatching(/^Error x{194}$/),
    })
    expect(brokerFailure('no error at all')).toMatchObject({ kind: 'transient', reason: 'no error at all' })
  })

  it('is left alone when it is ours', () => {
    const ours = [new QuireError('partitions-mismatch', 'mine'), new PortFailure('broker', 'permanent', 'mine')]
    expect(ours.map(brokerFailure)).toEqual(ours)
  })

  it('is classified on its way out of a call, and an answer passes', async () => {
    await expect(classified(async () => Promise.reject(coded('EPIPE')))).rejects.toMatchObject({
      server: 'broker',
      reason: 'connection lost',
    })
    expect(await classified(async () => 42)).toBe(42)
  })
})

describe('outputs', () => {
  it.each([
    [protocol('MESSAGE_TOO_LARGE'), 'message-too-large'],
    [exhausted(protocol('TOPIC_AUTHORIZATION_FAILED')), 'topic-authorization-failed'],
    [new KafkaJSNonRetriableError(protocol('INVALID_TOPIC_EXCEPTION')), 'invalid-topic-exception'],
  ])('%s refuses one for good', (error, cause) => {
    expect(refusalOf(error)).toBe(cause)
  })

  it.each([coded('ECONNRESET'), protocol('NOT_ENOUGH_REPLICAS'), new Error('whatever')])('%s does not', (error) => {
    expect(refusalOf(error)).toBeUndefined()
  })

  it('are for a topic that is not there when the broker, or the client from what it knows, says so', () => {
    expect(isUnknownTopic(protocol('UNKNOWN_TOPIC_OR_PARTITION'))).toBe(true)
    expect(isUnknownTopic(new Error('This server does not host this topic-partition'))).toBe(true)
    expect(isUnknownTopic(protocol('MESSAGE_TOO_LARGE'))).toBe(false)
  })
})

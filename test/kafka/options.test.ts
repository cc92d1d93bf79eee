import { describe, expect, it } from 'vitest'
import { kafkaDefaults, kafkaSettings } from '../../src/kafka/options.ts'
import { createQuire } from '../../src/quire.ts'

describe('the options of Kafka', () => {
  it('are filled in with defaults and frozen', () => {
    const settings = kafkaSettings({ brokers: ['one:9092', '[::1]:9092'] })
    expect(settings).toMatchObject({ ...kafkaDefaults, groupId: 'cj_assessment_consumer_group', retentionMs: 1_209_600_000 })
    expect(Object.isFrozen(settings)).toBe(true)
  })

  it.each([
    ['brokers', { brokers: [] }, /is empty; give at least one host:port/],
    ['brokers', { brokers: ['good:1', 'kafka.example'] }, /'kafka.example'; write host:port/],
    ['brokers', { brokers: ['kafka://host:1'] }, /write host:port/],
    ['groupId', { brokers: ['b:1'], groupId: 'two words' }, /'two words'; use letters/],
    ['topicPrefix', { brokers: ['b:1'], topicPrefix: 'a/b' }, /'a\/b'; use letters/],
    ['sessionTimeoutMs', { brokers: ['b:1'], sessionTimeoutMs: 500 }, /is 500; give an integer of at least 1000/],
    ['sessionTimeoutMs', { brokers: ['b:1'], sessionTimeoutMs: 6_000.5 }, /give an integer/],
  ])('%s: a wrong one is refused with its name and the remedy', (field, options, message) => {
    const call = () => kafkaSettings(options)
    expect(call).toThrow(message)
    expect(call).toThrow(expect.objectContaining({ code: 'invalid-option', details: { field: `kafka.${field}` } }))
  })

  it('cannot be used with what takes the place of Kafka', async () => {
    const kafka = { brokers: ['b:1'] }
    await expect(createQuire({ database: 'memory:', kafka, actors: {} })).rejects.toMatchObject({
      code: 'invalid-option',
      details: { field: 'database' },
    })
    await expect(createQuire({ database: 'postgres://h/d', kafka, actors: {}, onEvent: () => {} })).rejects.toMatchObject({
      details: { field: 'onEvent' },
    })
  })
})

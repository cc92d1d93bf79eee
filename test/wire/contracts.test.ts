import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Parser } from '@asyncapi/parser'
import { Ajv } from 'ajv'
import { describe, expect, it, onTestFinished } from 'vitest'
import { documents } from '../../scripts/contracts/documents.ts'
import { examples } from '../../scripts/contracts/examples.ts'
import { staleFiles } from '../../scripts/contracts/files.ts'
import { messages } from '../../scripts/contracts/messages.ts'

const folder = fileURLToPath(new URL('../../docs/contracts', import.meta.url))

function asyncApi(): string {
  return documents().find(({ path }) => path === 'asyncapi.json')?.text ?? ''
}

describe('the contracts', () => {
  it('in docs are what the schemas say, and the same at every run', () => {
    expect(staleFiles(documents(), folder)).toEqual([])
    expect(documents()).toEqual(documents())
  })

  it('that are stale, missing or left over are named', () => {
    const copy = mkdtempSync(join(tmpdir(), 'quire-contracts-'))
    onTestFinished(() => rmSync(copy, { recursive: true }))
    cpSync(folder, copy, { recursive: true })
    writeFileSync(join(copy, 'schemas/request.json'), '{}')
    rmSync(join(copy, 'schemas/failed.json'))
    writeFileSync(join(copy, 'schemas/gone.json'), '{}')
    expect(staleFiles(documents(), copy).sort()).toEqual(['schemas/failed.json', 'schemas/gone.json', 'schemas/request.json'])
  })

  it('as an AsyncAPI 3 document are valid, with their examples', async () => {
    const { document, diagnostics } = await new Parser().parse(asyncApi())
    expect(diagnostics.filter(({ severity }) => severity <= 1)).toEqual([])
    expect(document?.version()).toBe('3.0.0')
    expect(
      document
        ?.channels()
        .all()
        .map((channel) => channel.address()),
    ).toEqual(messages.map(({ topic }) => topic))
    expect(
      document
        ?.messages()
        .all()
        .every((message) => message.examples().length > 0),
    ).toBe(true)
  })

  it('would be found invalid with an operation that is none', async () => {
    const { diagnostics } = await new Parser().parse(asyncApi().replace('"action": "receive"', '"action": "recieve"'))
    expect(diagnostics.filter(({ severity }) => severity === 0)).not.toEqual([])
  })

  it.each(messages.map(({ name, topic }) => ({ name, topic })))(
    'have a JSON Schema of $name that takes its examples, and no wrong one',
    ({ name, topic }) => {
      const text = documents().find(({ path }) => path === `schemas/${name}.json`)?.text ?? ''
      const takes = new Ajv({ validateFormats: false, allErrors: true, allowUnionTypes: true }).compile(JSON.parse(text) as object)
      const given = examples().get(topic) as Record<string, unknown>[]
      for (const example of given) {
        expect(takes(example), JSON.stringify(takes.errors)).toBe(true)
        const wrong = name === 'callback' ? { correlation_id: 7 } : { entity_id: 7 }
        expect(takes({ ...example, data: { ...(example['data'] as object), ...wrong } })).toBe(false)
        const isInbound = name === 'request' || name === 'callback'
        expect(takes({ ...example, tomorrow: 1 })).toBe(isInbound)
      }
    },
  )

  it.each(messages.map(({ name, topic, schema }) => ({ name, topic, schema })))(
    'give examples of $name that its schema takes',
    ({ topic, schema }) => {
      const given = examples().get(topic) ?? []
      expect(given.length).toBeGreaterThan(0)
      expect(given.map((example) => schema.safeParse(example).error)).toEqual(given.map(() => undefined))
    },
  )
})

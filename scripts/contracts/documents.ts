import { z } from 'zod'
import { sourceService } from '../../src/batch/wire/topics.ts'
import { examples } from './examples.ts'
import { bodies, type ContractMessage, messages } from './messages.ts'

/** Version of the contracts, not of the package: it changes when they do. */
const contractsVersion = '1.0.0'

/** A generated document: its path under docs/contracts, and its text. */
export interface ContractDocument {
  readonly path: string
  readonly text: string
}

/** All documents, the same at every run. */
export function documents(): ContractDocument[] {
  const schemas = [...messages, ...bodies].map(({ name, title, schema }) => ({
    path: `schemas/${name}.json`,
    text: json({ ...jsonSchema(schema), title }),
  }))
  return [{ path: 'asyncapi.json', text: json(asyncApi()) }, ...schemas]
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** Of what is sent, not of what is read from it: defaults and transformations are the reader's. */
function jsonSchema(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { target: 'draft-07', io: 'input' })
}

/** AsyncAPI's own schema format is draft-07 and more; written so, its tools check examples too. */
function withoutDialect({ $schema: _, ...schema }: { readonly $schema?: string }): object {
  return schema
}

function asyncApi(): object {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Quire',
      version: contractsVersion,
      description: `Events of ${sourceService}: comparative-judgement batches. Extra fields of inbound messages are ignored; outbound messages are exactly as written here.`,
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: {
      kafka: {
        host: '{brokers}',
        protocol: 'kafka',
        description: 'The brokers of QUIRE_KAFKA_BROKERS.',
        variables: { brokers: { default: 'localhost:9092', description: 'Host and port of a broker.' } },
      },
    },
    channels: Object.fromEntries(messages.map((message) => [message.name, channel(message)])),
    operations: Object.fromEntries(messages.map((message) => [`${message.action}-${message.name}`, operation(message)])),
    components: { messages: componentMessages() },
  }
}

function channel({ name, topic, summary }: ContractMessage): object {
  return { address: topic, summary, messages: { [name]: { $ref: `#/components/messages/${name}` } } }
}

function operation({ name, action, summary }: ContractMessage): object {
  return { action, channel: { $ref: `#/channels/${name}` }, summary, messages: [{ $ref: `#/channels/${name}/messages/${name}` }] }
}

function componentMessages(): object {
  const byTopic = examples()
  return Object.fromEntries(
    messages.map(({ name, title, topic, summary, key, schema }) => [
      name,
      {
        name: title,
        title,
        summary,
        bindings: { kafka: { key: { type: 'string', description: key } } },
        payload: withoutDialect(jsonSchema(schema)),
        examples: (byTopic.get(topic) ?? []).map((payload, index) => ({ name: `${name}-${index + 1}`, payload })),
      },
    ]),
  )
}

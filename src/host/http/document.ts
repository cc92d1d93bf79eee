import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import { jsonSchemaTransform } from 'fastify-type-provider-zod'
import { version } from '../version.ts'

/** How `/openapi.json` is made of the routes. */
export function document(): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Quire', description: 'Durable comparative-judgement batches.', version: version() },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject(made) {
      const document = 'openapiObject' in made ? made.openapiObject : {}
      for (const operation of Object.values(document.paths ?? {}).flatMap((path) => Object.values(path ?? {}))) {
        asOptional((operation as { readonly requestBody?: Body }).requestBody)
      }
      return document
    },
  }
}

interface Body {
  required?: boolean
  readonly content: Readonly<Record<string, { readonly schema?: { readonly anyOf?: readonly { readonly type?: string }[] } }>>
}

/** The plugin calls every body required, also one that may be null: an order without a reason needs none. */
function asOptional(body: Body | undefined): void {
  const schemas = Object.values(body?.content ?? {}).map(({ schema }) => schema)
  if (body !== undefined && schemas.some((schema) => schema?.anyOf?.some(({ type }) => type === 'null'))) {
    body.required = false
  }
}

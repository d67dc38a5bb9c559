/** How an operation reads in the OpenAPI document. */
import { surfaceOf } from './caller.ts'
import { jsonSchema } from './output.ts'
import type { Implemented } from './operation.ts'
import { problem } from './problem.ts'

/** What every refusal looks like; once in the document, not at each of its thousand places. */
export const problemSchema = {
  $id: 'Problem',
  type: 'object',
  required: ['type', 'status', 'code', 'title', 'requestId'],
  properties: {
    type: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    title: { type: 'string' },
    detail: { type: 'string' },
    requestId: { type: 'string' },
    fields: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        required: ['code', 'text'],
        properties: { code: { type: 'string' }, text: { type: 'string' } },
      },
    },
    vars: { type: 'object', additionalProperties: { type: ['string', 'number'] } },
  },
}

/** Route schema for the OpenAPI document; validation itself is the contract's. */
export function openApi({ name, feature, definition }: Implemented): Record<string, unknown> {
  const surface = surfaceOf(definition.path)
  const address = surface === 'portal' ? 'portal' : surface === 'office' ? 'account' : undefined
  const shape = (schema: Parameters<typeof jsonSchema>[0] | undefined, io: 'input' | 'output') => {
    if (!schema) return undefined
    const { $schema: _, ...rest } = jsonSchema(schema, io, 'draft-2020-12')
    return rest
  }
  const params = shape(definition.params, 'input') as { properties?: object; required?: string[] } | undefined
  const problemAnswer = (description: string) => ({
    description,
    content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
  })
  const signedIn = !definition.audience.includes('anonymous' as never)
  const generic = [
    ...(surface === 'office' || surface === 'portal' ? ['moved'] : []),
    ...(signedIn ? ['notSignedIn'] : []),
    'notFound',
    ...(surface === 'office' ? ['notAllowed', 'officeOnly', 'managersOnly'] : []),
    ...(definition.method === 'GET' ? [] : ['crossOrigin']),
    ...(definition.body ? ['malformed'] : []),
    ...(definition.body || definition.upload ? ['tooLarge', 'unsupportedType'] : []),
    'input',
    ...(definition.creates ? ['keyReused', 'stillRunning'] : []),
    'tooMany',
    'busy',
    'databaseAway',
    'internal',
  ]
  const refusals: Record<string, string[]> = {}
  for (const code of [...generic, ...(definition.problems ?? [])]) (refusals[problem(code).status] ??= []).push(code)
  return {
    operationId: name,
    summary: definition.summary,
    tags: [feature],
    ...(signedIn && { security: [surface === 'portal' ? { portalSession: [] } : { peopleSession: [] }] }),
    ...((params || address) && {
      params: {
        type: 'object',
        properties: {
          ...(address && { [address]: { type: 'string', description: 'Slug of the account' } }),
          ...params?.properties,
        },
        required: [...(address ? [address] : []), ...(params?.required ?? [])],
      },
    }),
    ...(definition.query && { querystring: shape(definition.query, 'input') }),
    ...(definition.upload
      ? {
          consumes: ['multipart/form-data'],
          body: {
            type: 'object',
            required: ['file'],
            properties: {
              file: { type: 'string', format: 'binary' },
              ...(shape(definition.body, 'input') as { properties?: object } | undefined)?.properties,
            },
          },
        }
      : definition.body && { body: shape(definition.body, 'input') }),
    ...(definition.creates && {
      headers: { type: 'object', properties: { 'idempotency-key': { type: 'string', maxLength: 200 } } },
    }),
    response: {
      [definition.status ?? (definition.creates ? 201 : 200)]: definition.download
        ? {
            description: 'The file',
            content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
          }
        : { description: 'Done', ...shape(definition.output, 'output') },
      ...Object.fromEntries(
        Object.entries(refusals).map(([status, codes]) => [status, problemAnswer([...new Set(codes)].join(', '))]),
      ),
    },
  }
}

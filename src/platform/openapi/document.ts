/**
 * The OpenAPI document, made from the contracts alone. Records, parameters and refusals are components, so that types
 * generated from it have names and the document stays small.
 */
import type { z } from 'zod'
import { surfaceOf } from '../caller.ts'
import type { Definition, Limit, Tag } from '../operation.ts'
import { problemResponses, problemSchema, rareProblems, responseHeaders } from './problems.ts'
import { capital, shareRepeatedParts } from './repetition.ts'
import { describeSchema, keep, withBases, type Json, type ObjectSchema } from './schemas.ts'

export interface DescribedOperation {
  name: string
  definition: Definition
}

/** The document of these operations. */
export function openApiDocument(operations: readonly DescribedOperation[], version: string): Json {
  const components = createComponents()
  const paths: Record<string, Json> = {}
  const byPath = [...operations].sort((a, b) => (a.definition.path < b.definition.path ? -1 : 1))
  for (const { name, definition } of byPath) {
    const path = (paths[definition.path] ??= pathItem(definition, components))
    path[definition.method.toLowerCase()] = describeOperation(name, definition, components)
  }
  shareRepeatedParts(paths, components)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Portico',
      version,
      summary: 'Customer portal and job management',
      description: INTRODUCTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      contact: { name: 'The administrator of this installation' },
    },
    servers: [{ url: '/api/v1', description: 'This installation' }],
    tags: tagsOf(operations),
    security: [{ peopleSession: [] }],
    paths,
    components: {
      schemas: sorted({ Problem: problemSchema, ...withBases(components.schemas) }),
      parameters: sorted(components.parameters),
      requestBodies: sorted(components.requestBodies),
      responses: sorted(components.responses),
      headers: responseHeaders,
      securitySchemes: SECURITY_SCHEMES,
    },
  }
}

const INTRODUCTION = `Every screen of Portico runs through these operations: what a screen can do, a script can do.

**Sign in.** \`signIn\` (staff) and \`signInToPortal\` (customers) answer with a session cookie in \`Set-Cookie\`. Send it \
back in \`Cookie\`. Requests that change something and carry a cookie also need the header \`Origin\` with the address of \
the installation, such as \`https://portal.example\`. Requests without a cookie need no \`Origin\`.

**Retry.** Send an \`Idempotency-Key\` with requests that create something. The same key within 24 hours answers what \
the first request answered. After 429 or 503 wait for the seconds in \`Retry-After\`.

**Change.** New fields may be added to answers at any time; ignore those you do not know. Unknown fields in requests \
are refused, and so are control characters in text.

**Limits.** Each client address has a number of requests a minute. \`X-RateLimit-Limit\`, \`X-RateLimit-Remaining\` and \
\`X-RateLimit-Reset\` are on every answer.

**Errors.** Refusals are a \`Problem\`. Each operation lists its own; all of them can also answer:

${rareProblems}`

const COOKIE = 'Over plain HTTP, as in local development, its name has no `__Host-`.'
const SECURITY_SCHEMES = {
  peopleSession: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-portico_people',
    description: `Session of a member of staff, set by \`signIn\`. ${COOKIE}`,
  },
  portalSession: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-portico_portal_{account}',
    description: `Session of a portal user, set by \`signInToPortal\`. The name ends with the last 12 characters of the \
account's ID; take it from \`Set-Cookie\`. ${COOKIE}`,
  },
}

// ---- components ----

type Components = Record<'schemas' | 'parameters' | 'requestBodies' | 'responses', Json>

const createComponents = (): Components => ({
  schemas: {},
  parameters: {
    account: addressParameter('account', 'Slug of the account, such as `harbour`.'),
    portal: addressParameter('portal', 'Slug of the account whose portal it is, such as `harbour`.'),
    IdempotencyKey: {
      name: 'Idempotency-Key',
      in: 'header',
      description: 'A value that you choose, such as a UUID. Repeating the request with it creates nothing new.',
      schema: { type: 'string', maxLength: 200 },
    },
    Origin: {
      name: 'Origin',
      in: 'header',
      description:
        'Address of the installation. Needed when the request carries a cookie; browsers send it themselves.',
      schema: { type: 'string', format: 'uri' },
    },
  },
  requestBodies: {},
  responses: {},
})

const addressParameter = (name: string, description: string) => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: { type: 'string' },
})

const sorted = (entries: Json): Json => Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)))

// ---- operations ----

function describeOperation(name: string, definition: Definition, components: Components): Json {
  const open = definition.audience.includes('anonymous' as never)
  const inPortal = surfaceOf(definition.path) === 'portal'
  const parameters = parametersOf(definition, components)
  return {
    operationId: name,
    summary: definition.summary,
    description: [definition.description, ...(definition.limits ?? []).map(describeLimit)].join(' '),
    tags: [definition.tag!.name],
    ...(open ? { security: [] } : inPortal && { security: [{ portalSession: [] }] }),
    ...(parameters.length > 0 && { parameters }),
    ...((definition.body || definition.upload) && { requestBody: requestBodyOf(definition, components) }),
    responses: {
      [definition.status ?? (definition.creates ? 201 : 200)]: successOf(definition, components),
      ...problemResponses(definition, (response, content) => {
        keep(components.responses, response, content)
        return { $ref: `#/components/responses/${response}` }
      }),
    },
  }
}

function describeLimit({ by, max, seconds, counts }: Limit): string {
  const whose = { login: 'email address', address: 'client address', caller: 'caller' }[by]
  return `At most ${max} ${counts === 'failures' ? 'failed requests' : 'requests'} in ${seconds / 60} minutes for each ${whose}.`
}

/** Parameters in the path belong to all of its operations. */
function pathItem({ path, params }: Definition, components: Components): Json {
  const address = [...path.matchAll(/\{(account|portal)\}/g)].map(([, name]) => parameterReference(name!))
  const parameters = [...address, ...describeParameters(params, 'path', components)]
  return parameters.length > 0 ? { parameters } : {}
}

/** Parameters of the operation itself. */
function parametersOf({ query, creates, method }: Definition, components: Components): unknown[] {
  return [
    ...describeParameters(query, 'query', components),
    ...(creates ? [parameterReference('IdempotencyKey')] : []),
    ...(method === 'GET' ? [] : [parameterReference('Origin')]),
  ]
}

/** A parameter in the path is a component under its name, or under the `shared` name of its schema. */
function describeParameters(
  shape: z.ZodObject | undefined,
  place: 'path' | 'query',
  { schemas, parameters }: Components,
): unknown[] {
  if (!shape) return []
  const { properties = {}, required = [] } = describeSchema(shape, 'input', schemas) as Partial<ObjectSchema>
  return Object.entries(properties as Record<string, Json>).map(([name, { description, shared = name, ...schema }]) => {
    const isRequired = required.includes(name) && { required: true }
    const parameter = { name, in: place, ...isRequired, ...(description !== undefined && { description }), schema }
    if (place === 'query') return parameter
    keep(parameters, String(shared), parameter)
    return parameterReference(String(shared))
  })
}

const parameterReference = (name: string) => ({ $ref: `#/components/parameters/${name}` })

function requestBodyOf({ body, upload, accepts, example }: Definition, { schemas }: Components): Json {
  const schema: Json = body ? describeSchema(body, 'input', schemas) : {}
  if (!upload)
    return {
      required: true,
      content: {
        'application/json': { schema, ...(example?.body !== undefined && { example: example.body }) },
      },
    }
  const file = { type: 'string', format: 'binary', description: `The file, at most ${upload / 1024 / 1024} MB.` }
  return {
    required: true,
    content: {
      'multipart/form-data': {
        schema: {
          ...schema,
          type: 'object',
          properties: { ...(schema.properties as Json | undefined), file },
          required: ['file'],
        },
        encoding: { file: { contentType: accepts!.join(', ') } },
      },
    },
  }
}

function successOf(
  { output, download, example, creates, status = creates ? 201 : 200, session }: Definition,
  { schemas, responses }: Components,
): Json {
  if (download) return { description: 'The file', content: Object.fromEntries(download.map((type) => [type, BYTES])) }
  const schema = describeSchema(output, 'output', schemas)
  const content = { 'application/json': { schema, ...(example && { example: example.answer }) } }
  const description = status === 201 ? 'Created' : 'OK'
  if (session)
    return {
      description,
      headers: { 'Set-Cookie': { $ref: `#/components/headers/Session${capital(session)}` } },
      content,
    }
  const record = /^#\/components\/schemas\/(\w+)$/.exec(String(schema.$ref))?.[1]
  if (!record || example) return { description, content }
  // Many operations answer with the same record.
  const response = `${record}${description}`
  keep(responses, response, { description, content })
  return { $ref: `#/components/responses/${response}` }
}

const BYTES = { schema: { type: 'string', format: 'binary' } }

function tagsOf(operations: readonly DescribedOperation[]): Tag[] {
  const tags = new Map(operations.map(({ definition }) => [definition.tag!.name, definition.tag!]))
  return [...tags.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

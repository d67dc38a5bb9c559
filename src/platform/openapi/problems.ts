/** How refusals read in the OpenAPI document: one response component for each status, or for each set of codes. */
import { surfaceOf } from '../caller.ts'
import type { Definition } from '../operation.ts'
import { GENERIC_PROBLEMS, meaningOf, problem } from '../problem.ts'
import type { Json } from './schemas.ts'

type GenericCode = keyof typeof GENERIC_PROBLEMS

export const problemSchema = {
  type: 'object',
  description: 'Why a request was refused (RFC 9457).',
  required: ['type', 'status', 'code', 'title', 'requestId'],
  properties: {
    type: { type: 'string', description: 'Always `about:blank`; `code` says what it is.' },
    status: { type: 'integer', description: 'HTTP status.' },
    code: { type: 'string', description: 'What went wrong, for programs. See the responses of the operation.' },
    title: { type: 'string', description: 'What went wrong, for people, in the language of `Accept-Language`.' },
    detail: { type: 'string', description: 'What to do about it.' },
    requestId: { type: 'string', description: 'ID of the request, also in the log of the server.' },
    fields: {
      type: 'object',
      description: 'Errors by path of the field, such as `email` or `fields.model`.',
      additionalProperties: {
        type: 'object',
        required: ['code', 'text'],
        properties: {
          code: { type: 'string', description: 'What is wrong with the field, for programs.' },
          text: { type: 'string', description: 'What is wrong with the field, for people.' },
        },
      },
    },
    vars: {
      type: 'object',
      description: 'Values of the texts, such as the seconds to wait.',
      additionalProperties: { type: ['string', 'number'] },
    },
  },
}

const header = (type: string, description: string) => ({ description, schema: { type } })
export const responseHeaders = {
  RetryAfter: header('integer', 'Seconds to wait before the next attempt.'),
  RateLimitLimit: header('integer', 'Requests that the client address may make in a minute.'),
  RateLimitRemaining: header('integer', 'Requests that are left in this minute.'),
  RateLimitReset: header('integer', 'Seconds until the next minute starts.'),
  SessionStarts: header('string', 'The session cookie. Send it back in `Cookie`.'),
  SessionEnds: header('string', 'Clears the session cookie.'),
}

const MEANINGS: Record<GenericCode, string> = {
  input: 'A value is missing or wrong; `fields` says which and why.',
  malformed: 'The body is not valid JSON, or not a whole form.',
  moved: 'The account has a new address; `vars.slug` is its slug.',
  notSignedIn: 'There is no session, or it has ended.',
  notFound: 'The record does not exist or you may not see it.',
  notAllowed: 'You may not do this.',
  officeOnly: 'Workers may not do this.',
  managersOnly: 'Only owners and admins may do this.',
  crossOrigin: 'The request carries a cookie and its `Origin` is missing or wrong.',
  httpsRequired: 'The request came over plain http. Send it to the https address.',
  tooLarge: 'The body is too large.',
  unsupportedType: 'The media type of the body is not supported.',
  tooMany: 'There were too many requests.',
  busy: 'The server is busy.',
  databaseUnavailable: 'The database cannot be reached.',
  databaseFull: 'The disk of the database is full; nothing was changed.',
  databaseReadOnly: 'The database is read-only; nothing was changed.',
  databaseConnections: 'The database takes no more connections.',
  internal: 'The server failed; `requestId` helps to find out why.',
  keyReused: 'The `Idempotency-Key` was used with another request.',
  stillRunning: 'The first request with this `Idempotency-Key` is still running.',
  storageFull: 'The disk for files has no room left; nothing was kept.',
  storageUnavailable: 'The disk for files cannot be written; nothing was kept.',
  viewAsReadOnly: 'Staff look at the portal as somebody else. Nothing was changed.',
  viewEnded: 'The portal view has ended.',
  otherPerson: 'A form of a page, made while another person was signed in. Nothing was changed.',
}

/** The component for a status whose codes are all generic. */
const SHARED: Record<number, { name: string; codes: GenericCode[] }> = {
  401: { name: 'NotSignedIn', codes: ['notSignedIn'] },
  403: { name: 'Forbidden', codes: ['notAllowed', 'officeOnly', 'managersOnly', 'crossOrigin', 'httpsRequired'] },
  404: { name: 'NotFound', codes: ['notFound'] },
  409: { name: 'StillRunning', codes: ['stillRunning'] },
  413: { name: 'TooLarge', codes: ['tooLarge'] },
  415: { name: 'UnsupportedType', codes: ['unsupportedType'] },
  422: { name: 'InvalidInput', codes: ['input', 'keyReused'] },
  429: { name: 'TooManyRequests', codes: ['tooMany'] },
  503: { name: 'Unavailable', codes: ['busy', 'databaseUnavailable'] },
  507: { name: 'StorageFull', codes: ['storageFull'] },
}
/** What hardly ever happens, or only by a mistake in the program: described once for all operations. */
const RARE: readonly GenericCode[] = [
  'moved',
  'malformed',
  'crossOrigin',
  'httpsRequired',
  'notFound',
  'tooLarge',
  'unsupportedType',
  'input',
  'viewAsReadOnly',
  'viewEnded',
  'otherPerson',
  'internal',
  'storageUnavailable',
  'databaseFull',
  'databaseReadOnly',
  'databaseConnections',
]
export const rareProblems = RARE.map((code) => `- ${GENERIC_PROBLEMS[code]} \`${code}\`: ${MEANINGS[code]}`).join('\n')

/** Statuses of generic refusals that this operation lists by themselves. */
function statusesOf({ path, audience, params, query, body, upload, creates }: Definition): number[] {
  const open = audience.includes('anonymous' as never)
  return [
    ...(open ? [] : [401]),
    ...(surfaceOf(path) === 'office' ? [403] : []),
    ...(params ? [404] : []),
    ...(creates ? [409] : []),
    ...(upload ? [413, 415] : []),
    ...(query || body || upload ? [422] : []),
    429,
    503,
    ...(upload ? [507] : []),
  ]
}

/** The refusals of an operation by status. `component` keeps a response under its name and answers a reference to it. */
export function problemResponses(
  definition: Definition,
  component: (name: string, response: Json) => Json,
): Record<string, Json> {
  const codesBy = new Map<number, string[]>(statusesOf(definition).map((status) => [status, []]))
  for (const code of definition.problems ?? []) {
    const { status } = problem(code)
    const codes = codesBy.get(status) ?? []
    codesBy.set(status, code in GENERIC_PROBLEMS ? codes : [...codes, code])
  }
  const responses = [...codesBy].map(([status, own]) => {
    const shared = SHARED[status]!
    if (own.length === 0) return [status, component(shared.name, responseOf(status, shared.codes))]
    const name = [...own].sort().map(pascalCase).join('Or')
    return [status, component(name, responseOf(status, [...own].sort(), shared.name))]
  })
  return Object.fromEntries(responses)
}

function responseOf(status: number, codes: readonly string[], alsoOf?: string): Json {
  const headers = HEADERS[status]
  const meanings = codes.map((code) => `\`${code}\`: ${meaningOf(code) ?? MEANINGS[code as GenericCode]}`)
  return {
    description: [...meanings, ...(alsoOf ? [`Also the codes of ${alsoOf}.`] : [])].join('\n\n'),
    ...(headers && { headers }),
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
}

const headerReference = (name: string) => ({ $ref: `#/components/headers/${name}` })
const HEADERS: Record<number, Json> = {
  429: {
    'Retry-After': headerReference('RetryAfter'),
    'X-RateLimit-Limit': headerReference('RateLimitLimit'),
    'X-RateLimit-Remaining': headerReference('RateLimitRemaining'),
    'X-RateLimit-Reset': headerReference('RateLimitReset'),
  },
  503: { 'Retry-After': headerReference('RetryAfter') },
}

const pascalCase = (code: string) => code[0]!.toUpperCase() + code.slice(1)

/**
 * Contracts reject everything they do not declare. Generated from the contracts: every operation receives privileged fields
 * (B2) and junk in each part of the request (B1) from every audience.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { z } from 'zod'
import { contracts } from '../src/operations.ts'
import { surfaceOf } from '../src/platform/caller.ts'
import type { Audience, Definition } from '../src/platform/operation.ts'
import { GENERIC_PROBLEMS, problem } from '../src/platform/problem.ts'
import { bodies } from './access-bodies.fixtures.ts'
import { buildWorld, type MatrixWorld } from './access.fixtures.ts'
import { neverCommit } from './rollback.fixtures.ts'
import {
  startSeparateServer,
  send,
  type TestServer,
  type OperationName,
  type Person,
  type Reply,
} from './test-server.ts'

const operations = Object.entries(contracts as Record<string, Definition>)

let server: TestServer, world: MatrixWorld, restore: () => void
beforeAll(async () => {
  server = await startSeparateServer(inject('world'))
  world = await buildWorld(server)
  restore = neverCommit(server)
}, 120_000)
afterAll(async () => {
  restore?.()
  await server?.close()
})

const callerNamed = (name: string): Person => world.callers.find((caller) => caller.name === name)!.person
/** The caller with the most permissions in an audience. */
function personForAudience(audience: Audience): Person | undefined {
  switch (audience) {
    case 'anonymous':
      return callerNamed('anonymous')
    case 'staff':
    case 'person':
      return callerNamed('owner')
    case 'portalUser':
      return callerNamed('may delete')
    case 'linkVisitor':
      return callerNamed('customer link')
    default:
      return undefined
  }
}

interface Parts {
  params: Record<string, unknown>
  query: Record<string, unknown>
  body: unknown
}

/** A valid request built from the sample bodies. */
function buildSample(name: string, { params, body, method }: Definition): Parts {
  const ids = world.ids.own
  const idFields = (shape: object | undefined) =>
    Object.fromEntries(
      Object.keys(shape ?? {}).flatMap((key) => (key in ids ? [[key, ids[key as keyof typeof ids]]] : [])),
    )
  const sampleBody = bodies[name as OperationName]?.(ids) ?? {}
  return {
    params: {
      ...Object.fromEntries(
        Object.entries(params?.shape ?? {}).map(([key, schema]) => [
          key,
          schema instanceof z.ZodEnum ? schema.options[0] : 'A'.repeat(43),
        ]),
      ),
      ...idFields(params?.shape),
      ...(params && 'record' in params.shape && { record: ids.job }),
    },
    query: {},
    body: method === 'GET' ? undefined : { ...idFields(body?.shape), ...sampleBody },
  }
}

function sendRequest(
  { path, method, upload }: Definition,
  person: Person,
  { params, query, body }: Parts,
): Promise<Reply<{ code?: string; fields?: Record<string, { code: string }> } | null>> {
  const portal = surfaceOf(path) === 'portal'
  const filledPath = path.replaceAll(/\{(\w+)\}/g, (_, key: string) =>
    key === 'account' || key === 'portal' ? world.slug : encodeURIComponent(toUrlText(params[key])),
  )
  const search = new URLSearchParams(
    Object.entries(query).flatMap(([key, value]) => [value].flat().map((each) => [key, toUrlText(each)])),
  )
  return send({
    port: world.port,
    host: portal ? `${world.slug}.localhost:${world.port}` : `localhost:${world.port}`,
    method,
    path: `/api/v1${filledPath}${search.size > 0 ? `?${search}` : ''}`,
    cookies: new Map(person.cookies),
    ...(upload
      ? multipart(body)
      : method === 'GET'
        ? {}
        : { body: body === undefined ? '{}' : typeof body === 'string' ? JSON.stringify(body) : body }),
  }) as never
}

/** A multipart body with form fields and one file. */
function multipart(fields: unknown) {
  const parts = Object.entries(typeof fields === 'object' && fields !== null ? fields : {}).map(
    ([key, value]) =>
      `--b\r\ncontent-disposition: form-data; name="${key.replaceAll(/[^\w]/g, '')}"\r\n\r\n${toWellFormedText(value).replaceAll(/[\r\n]/g, ' ')}\r\n`,
  )
  return {
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
    body: Buffer.from(
      `${parts.join('')}--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\nhello\r\n--b--\r\n`,
    ),
  }
}
const toWellFormedText = (value: unknown): string =>
  (typeof value === 'string' ? value : String(JSON.stringify(value))).toWellFormed()
/** Limited, because Node refuses a URL of more than 16 KB before it reaches the app. */
const toUrlText = (value: unknown): string => toWellFormedText(value).slice(0, 3_000)

/** Runs six at a time, because requests mostly wait for the database. */
async function runConcurrently<T>(work: readonly T[], run: (each: T) => Promise<void>): Promise<void> {
  const remaining = [...work]
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      for (let next = remaining.shift(); next !== undefined; next = remaining.shift()) await run(next)
    }),
  )
}

// ---- B2 ----

const PRIVILEGED_FIELDS = [
  'id',
  'account_id',
  'accountId',
  'account',
  'tenant',
  'tenant_id',
  'customer_id',
  'customerId',
  'user_id',
  'userId',
  'owner',
  'owner_id',
  'partner_id',
  'partnerId',
  'contact_id',
  'status',
  'status',
  'displayStatus',
  'enabled',
  'active',
  'role',
  'roles',
  'isAdmin',
  'is_admin',
  'admin',
  'superuser',
  'scope',
  'kind',
  'type',
  'permissions',
  'switches',
  'can',
  'created_by_id',
  'createdBy',
  'created_by_kind',
  'created_for_user_id',
  'author',
  'author_id',
  'actor',
  'actor_id',
  'uploader_id',
  'as',
  'onBehalfOf',
  'impersonate',
  'version',
  'number',
  'template_version',
  'password_hash',
  'passwordHash',
  'password',
  'token',
  'session',
  'hash',
  'verified',
  'emailVerified',
  'pending_email',
  'created_at',
  'createdAt',
  'updated_at',
  'activated_at',
  'expires_at',
  'worker',
  'worker_id',
  'audience',
  'internal',
  'search_text_office',
  'storage_key',
  'templates',
  'templates_mode',
  'lock_epoch',
  'partner',
  'batch_id',
  'external_reference',
  'scheduled',
  'scheduled_at',
  'price',
  '$set',
  'where',
  'returning',
  'include',
  'fields[margin]',
]

describe('privileged fields', () => {
  it('B2 at least 40 privileged fields are tried', () => {
    expect(new Set(PRIVILEGED_FIELDS).size).toBeGreaterThanOrEqual(40)
  })

  const audiences = [...new Set(operations.flatMap(([, each]) => each.audience))] as Audience[]
  it.each(audiences)(
    'B2 PS-36 E-67 no operation takes a field it does not name, from %s',
    async (audience) => {
      const person = personForAudience(audience)!
      const wrong: string[] = []
      const work = operations
        .filter(([, each]) => each.audience.includes(audience as never))
        .flatMap(([name, definition]) => {
          const known = new Set([definition.body, definition.query].flatMap((part) => Object.keys(part?.shape ?? {})))
          const fields = PRIVILEGED_FIELDS.filter((field) => !known.has(field))
          // Writes are tried with every field. Reads have no body, so three query parameters are enough.
          return (definition.method === 'GET' ? fields.slice(0, 3) : fields).map((field) => ({
            name,
            definition,
            field,
          }))
        })
      const stateBefore = await readProtectedState()
      await runConcurrently(work, async ({ name, definition, field }) => {
        const sample = buildSample(name, definition)
        const isRead = definition.method === 'GET'
        // Multipart field names are words only.
        if (definition.upload && /\W/.test(field)) return
        const reply = await sendRequest(
          definition,
          person,
          isRead
            ? { ...sample, query: { [field]: 'x' } }
            : { ...sample, body: { ...(sample.body as object), [field]: 'x' } },
        )
        if (reply.status !== 422 || reply.body?.fields?.[field]?.code !== 'unknown')
          wrong.push(`${name} with ${field}: ${reply.status} ${reply.text.slice(0, 120)}`)
      })
      expect(work.length).toBeGreaterThan(40)
      expect(wrong).toEqual([])
      expect(await readProtectedState()).toBe(stateBefore)
    },
    180_000,
  )

  it('B2 writes accept neither unknown query parameters nor a prototype in the body', async () => {
    const wrong: string[] = []
    await runConcurrently(
      operations.filter(([, each]) => each.method !== 'GET'),
      async ([name, definition]) => {
        const person = personForAudience(definition.audience[0] as Audience)!
        const sample = buildSample(name, definition)
        const query = await sendRequest(definition, person, { ...sample, query: { account_id: 'x' } })
        if (query.body?.fields?.account_id?.code !== 'unknown') wrong.push(`${name}: ${query.status}`)
        if (definition.upload) return
        for (const body of ['{"__proto__":{"isAdmin":true}}', '{"constructor":{"prototype":{"isAdmin":true}}}']) {
          const reply = await send({
            port: world.port,
            host:
              surfaceOf(definition.path) === 'portal'
                ? `${world.slug}.localhost:${world.port}`
                : `localhost:${world.port}`,
            method: definition.method,
            path: `/api/v1${definition.path.replaceAll(/\{(\w+)\}/g, (_, key: string) => (key === 'account' || key === 'portal' ? world.slug : String(sample.params[key])))}`,
            body,
            cookies: new Map(person.cookies),
          })
          if (reply.status !== 400) wrong.push(`${name} ${body}: ${reply.status}`)
        }
      },
    )
    expect(wrong).toEqual([])
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
  }, 60_000)
})

/** The records that an accepted privileged field would change. */
const readProtectedState = () =>
  server.stored(async (db) =>
    JSON.stringify(
      await Promise.all([
        db.selectFrom('portal_users').select(['id', 'status', 'version', 'permissions']).orderBy('id').execute(),
        db.selectFrom('staff_members').select(['id', 'role', 'status']).orderBy('id').execute(),
        db.selectFrom('jobs').select(['id', 'status', 'customer_id', 'version']).orderBy('id').execute(),
        db.selectFrom('customers').select(['id', 'account_id', 'version']).orderBy('id').execute(),
        db.selectFrom('portal_settings').selectAll().orderBy('account_id').execute(),
        db.selectFrom('templates').select(['id', 'version']).orderBy('id').execute(),
      ]),
    ),
  )

// ---- B1 ----

const CASES_PER_OPERATION = 30
const SEED = 20_260_101

/** Boundary values of every type. */
const junkValues = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\ud800',
    '\u202e',
    '-1',
    '0',
    '1e309',
    'NaN',
    'Infinity',
    'null',
    'undefined',
    'true',
    '[object Object]',
    '../../etc/passwd',
    "' or 1=1 --",
    '%00',
    '%',
    '${7*7}',
    '{{7*7}}',
    '<script>alert(1)</script>',
    'x'.repeat(5_000),
    'x'.repeat(20_000),
    '𝒳'.repeat(300),
    'İ'.repeat(120),
    '2030-02-30',
    '0000-00-00',
    '9999-12-31T23:59:59Z',
    '-271821-04-20T00:00:00Z',
    '99999999999999999999',
    0,
    -0,
    -1,
    1.5,
    2_147_483_647,
    2_147_483_648,
    9_007_199_254_740_991,
    1e308,
    5e-324,
    true,
    false,
    [],
    {},
    [null],
    [[]],
    [''],
    { '': '' },
    { length: -1 },
    { toString: 1 },
    '019ac000-0000-7000-8000-000000000001',
    ['019ac000-0000-7000-8000-000000000001'],
    { day: '2030-03-31', time: '01:30' },
    { day: '2030-99-99', time: '99:99' },
    { day: '9999-12-31', time: '23:59' },
    { day: '0001-01-01', time: '00:00' },
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.integer(),
  fc.double(),
  fc.array(fc.string({ maxLength: 5 }), { maxLength: 5 }),
  fc.jsonValue({ maxDepth: 3 }),
)

function junkRequests(name: string, definition: Definition): fc.Arbitrary<Parts> {
  const sample = buildSample(name, definition)
  const keys = (part: { shape: object } | undefined) => Object.keys(part?.shape ?? {})
  /** Only one or two fields are junk, so that some requests get past parsing. */
  const withJunk = (names: string[], from: Record<string, unknown>) =>
    names.length === 0
      ? fc.constant(from)
      : fc
          .dictionary(fc.constantFrom(...names), junkValues, { minKeys: 1, maxKeys: 2 })
          .map((bad) => ({ ...from, ...bad }))
  const body =
    definition.method === 'GET'
      ? fc.constant(undefined)
      : fc.oneof(
          {
            weight: 8,
            arbitrary: withJunk(
              keys(definition.body),
              (sample.body ?? {}) as Record<string, unknown>,
            ) as fc.Arbitrary<unknown>,
          },
          {
            weight: 1,
            arbitrary: fc
              .dictionary(fc.string({ maxLength: 8 }), junkValues, { maxKeys: 4 })
              .filter((each) => !('__proto__' in each && Object.hasOwn(each, '__proto__'))) as fc.Arbitrary<unknown>,
          },
          { weight: 1, arbitrary: junkValues },
        )
  return fc.record({
    params: fc.oneof(
      { weight: 3, arbitrary: fc.constant(sample.params) },
      { weight: 1, arbitrary: withJunk(keys(definition.params), sample.params) },
    ),
    query: definition.query
      ? withJunk([...keys(definition.query), 'x'], {})
      : fc.oneof({ weight: 9, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: withJunk(['x'], {}) }),
    body,
  })
}

/** The statuses a contract documents: success, its problems and the generic problems below 500. */
const documentedStatuses = ({ status, creates, download, problems = [] }: Definition): Set<number> =>
  new Set([
    status ?? (creates ? 201 : 200),
    ...(download ? [200] : []),
    ...Object.values(GENERIC_PROBLEMS).filter((each) => each < 500),
    ...problems.map((code) => problem(code).status),
  ])

describe('junk', () => {
  it('B1 junk in place of the account slug is refused without a server error', async () => {
    const wrong: string[] = []
    const names = [
      '\u0000',
      'a\u0000b',
      '\ud800'.toWellFormed(),
      '%',
      "' or 1=1 --",
      'x'.repeat(190),
      'x'.repeat(3_000),
      '../..',
      '..',
      'İ',
      '019ac000-0000-7000-8000-000000000001',
      '{}',
      ' ',
      'null',
    ]
    for (const surface of ['portal', 'office']) {
      for (const name of names) {
        for (const callerName of ['anonymous', 'owner', 'portal user']) {
          const reply = await send({
            port: world.port,
            host: `localhost:${world.port}`,
            method: 'GET',
            path: `/api/v1/${surface}/${encodeURIComponent(name)}${surface === 'portal' ? '' : '/jobs'}`,
            cookies: new Map(callerNamed(callerName).cookies),
          })
          if (![400, 401, 404, 414].includes(reply.status))
            wrong.push(`${surface} ${JSON.stringify(name).slice(0, 30)}: ${reply.status}`)
        }
      }
    }
    for (const host of [
      '\u00e9.localhost',
      'a_b.localhost',
      `${'x'.repeat(300)}.localhost`,
      '..localhost',
      '-.localhost',
      '%00.localhost',
      '[::1',
      'localhost:99999',
      '127.0.0.1.',
      'x.y.z.localhost',
    ]) {
      const reply = await send({
        port: world.port,
        host: Buffer.from(host).toString('latin1'),
        method: 'GET',
        path: `/api/v1/portal/${world.slug}`,
      })
      if (reply.status >= 500) wrong.push(`host ${host}: ${reply.status}`)
    }
    for (const cookie of ['%', '"', '\u00ff'.repeat(200), 'a=b', 'x'.repeat(5_000), 'A'.repeat(43)]) {
      for (const key of [
        ...callerNamed('portal user').cookies.keys(),
        'portico_people',
        'portico_portal_',
        'portico_portal_%00',
      ]) {
        for (const path of [
          `/api/v1/portal/${world.slug}/jobs`,
          `/api/v1/office/${world.slug}/jobs`,
          '/api/v1/people/me/sessions',
        ]) {
          const reply = await send({
            port: world.port,
            host: `localhost:${world.port}`,
            method: 'GET',
            path,
            cookies: new Map([[key, cookie]]),
          })
          if (![400, 401].includes(reply.status)) wrong.push(`cookie ${key}=${cookie.slice(0, 10)}: ${reply.status}`)
        }
      }
    }
    expect(wrong).toEqual([])
  })

  it('B1 a number too large for its column is no fault of the server', async () => {
    const wrong: string[] = []
    for (const [name, definition] of operations) {
      for (const [part, key] of (['query', 'body'] as const).flatMap((each) =>
        Object.keys(definition[each]?.shape ?? {}).map((field) => [each, field] as const),
      )) {
        for (const value of [2_147_483_648, Number.MAX_SAFE_INTEGER]) {
          const sample = buildSample(name, definition)
          const reply = await sendRequest(definition, personForAudience(definition.audience[0] as Audience)!, {
            ...sample,
            [part]: { ...(sample[part] as object), [key]: value },
          })
          if (reply.status >= 500) wrong.push(`${name}.${key} = ${value}: ${reply.status}`)
        }
      }
    }
    expect(wrong).toEqual([])
  }, 60_000)

  it(`B1 G3 ${CASES_PER_OPERATION} junk requests to every operation cause no server error and no undocumented status`, async () => {
    const wrong: string[] = []
    const statusCounts = new Map<number, number>()
    let seed = SEED
    const work = operations.flatMap(([name, definition]) =>
      fc.sample(junkRequests(name, definition), { numRuns: CASES_PER_OPERATION, seed: seed++ }).map((parts, index) => ({
        name,
        definition,
        parts,
        person: personForAudience(definition.audience[index % definition.audience.length] as Audience)!,
      })),
    )
    await runConcurrently(work, async ({ name, definition, parts, person }) => {
      const reply = await sendRequest(definition, person, parts)
      statusCounts.set(reply.status, (statusCounts.get(reply.status) ?? 0) + 1)
      const problemCode = reply.body?.code
      // A busy password hasher is a documented response.
      if (reply.status === 503 && problemCode === 'busy') return
      if (
        !documentedStatuses(definition).has(reply.status) ||
        (reply.status >= 400 &&
          (typeof problemCode !== 'string' ||
            !(problemCode in GENERIC_PROBLEMS || definition.problems?.includes(problemCode))))
      ) {
        wrong.push(`${name}: ${reply.status} ${problemCode} to ${JSON.stringify(parts).slice(0, 400)}`)
      }
    })
    expect(wrong).toEqual([])
    // Most junk was refused, and some got past parsing.
    expect(statusCounts.get(422)).toBeGreaterThan(500)
    expect(statusCounts.get(200) ?? 0).toBeGreaterThan(50)
    expect(server.log.filter((line) => /"level":50/.test(line))).toEqual([])
  }, 300_000)
})

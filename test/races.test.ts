/** Concurrent requests: of twenty at once exactly one succeeds. Generated from contracts with a version or an idempotency key. */
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { contracts } from '../src/operations.ts'
import type { Definition } from '../src/platform/operation.ts'
import { bodies } from './access-bodies.fixtures.ts'
import { buildWorld, type MatrixWorld } from './access.fixtures.ts'
import { fill, startSeparateServer, send, type TestServer } from './test-server.ts'

let server: TestServer, world: MatrixWorld
beforeAll(async () => {
  server = await startSeparateServer(inject('world'))
  world = await buildWorld(server)
  return () => server.close()
}, 120_000)

const operations = Object.entries(contracts as Record<string, Definition>)
const versioned = operations.filter(
  ([, each]) => each.writes && each.body && 'version' in each.body.shape && each.path.startsWith('/office'),
)
const creating = operations.filter(([name, each]) => each.creates && name in bodies && !each.upload)

function sendRequest(
  name: string,
  definition: Definition,
  sample: Record<string, unknown>,
  headers: Record<string, string> = {},
) {
  const portal = definition.path.startsWith('/portal')
  const ids = world.ids.own
  const caller = world.callers.find((each) => each.name === (portal ? 'may delete' : 'owner'))!
  const params = Object.fromEntries(
    Object.keys(definition.params?.shape ?? {}).map((key) => [key, ids[key as keyof typeof ids]]),
  )
  const { path, query, body } = fill(definition, { ...sample, ...params }, world.slug)
  return send({
    port: server.port,
    host: portal ? `${world.slug}.localhost:${server.port}` : `localhost:${server.port}`,
    method: definition.method,
    path: `/api/v1${path}${query}`,
    body: body ?? {},
    headers,
    cookies: new Map(caller.person.cookies),
  })
}

/** The current version of the record that the operation changes. */
async function readVersion(name: string): Promise<number> {
  const { own } = world.ids
  const [table, id] =
    /Template(?!Access)/.test(name) && name !== 'setTemplateAccess'
      ? ['templates', own.template]
      : /Ticket(?!Settings)/.test(name)
        ? ['tickets', own.ticket]
        : /Job/.test(name)
          ? ['jobs', own.job]
          : /Customer|Contact|Site/.test(name)
            ? ['customers', own.customer]
            : /PortalSettings/.test(name)
              ? ['portal_settings', null]
              : /Account|TicketSettings/.test(name)
                ? ['account_settings', null]
                : ['portal_users', own.user]
  const account = (
    await server.stored((db) =>
      db.selectFrom('account_slugs').select('account_id').where('slug', '=', world.slug).executeTakeFirstOrThrow(),
    )
  ).account_id
  const row = await server.stored((db) =>
    (
      db as unknown as {
        selectFrom(name: string): {
          select(name: string): {
            where(name: string, op: string, value: string): { executeTakeFirstOrThrow(): Promise<{ version: number }> }
          }
        }
      }
    )
      .selectFrom(table!)
      .select('version')
      .where(id ? 'id' : 'account_id', '=', id ?? account)
      .executeTakeFirstOrThrow(),
  )
  return row.version
}

describe('races', () => {
  it('E-41 there are operations to test', () => {
    expect(versioned.length).toBeGreaterThan(8)
    expect(creating.length).toBeGreaterThan(6)
  })

  it.each(versioned)('E-41 %s: of twenty requests with the same version one succeeds', async (name, definition) => {
    const sample = bodies[name as keyof typeof bodies]!(world.ids.own)
    const version = await readVersion(name)
    // Contents differ, because saving unchanged values is not a change.
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        sendRequest(name, definition, { ...varySample(sample, index), version }),
      ),
    )
    const taken = replies.filter(({ status }) => status < 300).length
    const refused = replies.filter(({ status }) => status === 409).length
    expect({
      taken,
      others: replies.length - taken - refused,
      statuses: [...new Set(replies.map(({ status, body }) => `${status} ${(body as { code?: string }).code ?? ''}`))],
    }).toMatchObject({ taken: taken === 0 ? 0 : 1, others: 0 })
    if (taken === 0) expect(REFUSED_IN_WORLD).toContain(name)
  })

  it.each(creating)('F11 %s: twenty requests with one key take effect once', async (name, definition) => {
    const sample = bodies[name as keyof typeof bodies]!(world.ids.own)
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => sendRequest(name, definition, sample, { 'idempotency-key': `race ${name}` })),
    )
    const done = replies.filter(({ status }) => status < 300)
    // One effect: all successful responses are identical.
    if (done.length === 0) expect(replies.every(({ status }) => [403, 409, 422].includes(status))).toBe(true)
    else expect(new Set(done.map(({ text }) => text)).size).toBe(1)
    expect(replies.filter(({ status }) => status >= 500)).toEqual([])
  })
})

/** Operations that the state of the test records refuses to every caller. */
const REFUSED_IN_WORLD = [
  'reinstateJob',
  'changeJobStatus',
  'cancelJob',
  'scheduleJob',
  'assignJob',
  'undoJobChange',
  'updateJob',
]

function varySample(sample: Record<string, unknown>, index: number): Record<string, unknown> {
  for (const key of ['name', 'title', 'introduction', 'supportPhone', 'address'] as const) {
    if (key in sample)
      return { ...sample, [key]: key === 'supportPhone' ? `+44 117 496 01${10 + index}` : `Variant ${index}` }
  }
  if ('email' in sample)
    return { ...sample, email: `variant-${index}-${Math.random().toString(36).slice(2)}@post.example` }
  return sample
}

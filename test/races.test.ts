/** Twenty at once, exactly one wins: generated from the contracts for everything that carries a version or an idempotency key. */
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { contracts } from '../src/operations.ts'
import type { Definition } from '../src/platform/operation.ts'
import { bodies, buildWorld, type MatrixWorld } from './access.fixtures.ts'
import { fill, startSeparateServer, send, type TestServer } from './test-server.ts'

let at: TestServer, world: MatrixWorld
beforeAll(async () => {
  at = await startSeparateServer(inject('world'))
  world = await buildWorld(at)
  return () => at.close()
}, 120_000)

const all = Object.entries(contracts as Record<string, Definition>)
const versioned = all.filter(
  ([, each]) => each.writes && each.body && 'version' in each.body.shape && each.path.startsWith('/office'),
)
const creating = all.filter(([name, each]) => each.creates && name in bodies && !each.upload)

function ask(
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
    port: at.port,
    host: portal ? `${world.slug}.localhost:${at.port}` : `localhost:${at.port}`,
    method: definition.method,
    path: `/api/v1${path}${query}`,
    body: body ?? {},
    headers,
    cookies: new Map(caller.person.cookies),
  })
}

/** The version a record has now, by asking for it as the owner would. */
async function versionNow(name: string): Promise<number> {
  const { own } = world.ids
  const [table, id] =
    /Template(?!Access)/.test(name) && name !== 'setTemplateAccess'
      ? ['templates', own.template]
      : /Job/.test(name)
        ? ['jobs', own.job]
        : /Customer|Contact|Site/.test(name)
          ? ['customers', own.customer]
          : /PortalSettings/.test(name)
            ? ['portal_settings', null]
            : /Account/.test(name)
              ? ['account_settings', null]
              : ['portal_users', own.user]
  const account = (
    await at.stored((db) =>
      db.selectFrom('account_slugs').select('account_id').where('slug', '=', world.slug).executeTakeFirstOrThrow(),
    )
  ).account_id
  const row = await at.stored((db) =>
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
  it('E-41 there is something to race', () => {
    expect(versioned.length).toBeGreaterThan(8)
    expect(creating.length).toBeGreaterThan(6)
  })

  it.each(versioned)('E-41 %s: of twenty who saw the same version, one is taken', async (name, definition) => {
    const sample = bodies[name as keyof typeof bodies]!(world.ids.own)
    const version = await versionNow(name)
    // Different contents: saving what is there already is no change.
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, index) => ask(name, definition, { ...vary(sample, index), version })),
    )
    const taken = replies.filter(({ status }) => status < 300).length
    const refused = replies.filter(({ status }) => status === 409).length
    expect({
      taken,
      others: replies.length - taken - refused,
      statuses: [...new Set(replies.map(({ status, body }) => `${status} ${(body as { code?: string }).code ?? ''}`))],
    }).toMatchObject({ taken: taken === 0 ? 0 : 1, others: 0 })
    if (taken === 0) expect(RULED_OUT).toContain(name)
  })

  it.each(creating)('F11 %s: twenty with one key do it once', async (name, definition) => {
    const sample = bodies[name as keyof typeof bodies]!(world.ids.own)
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => ask(name, definition, sample, { 'idempotency-key': `race ${name}` })),
    )
    const done = replies.filter(({ status }) => status < 300)
    // One effect: everybody who was told "done" was told the same.
    if (done.length === 0) expect(replies.every(({ status }) => [403, 409, 422].includes(status))).toBe(true)
    else expect(new Set(done.map(({ text }) => text)).size).toBe(1)
    expect(replies.filter(({ status }) => status >= 500)).toEqual([])
  })
})

/** Deeds the status of the world refuses whoever comes first. */
const RULED_OUT = ['reinstateJob', 'changeJobStatus', 'cancelJob', 'scheduleJob', 'assignJob', 'updateJob']

function vary(sample: Record<string, unknown>, index: number): Record<string, unknown> {
  for (const key of ['name', 'title', 'introduction', 'supportPhone', 'address'] as const) {
    if (key in sample)
      return { ...sample, [key]: key === 'supportPhone' ? `+44 117 496 01${10 + index}` : `Variant ${index}` }
  }
  if ('email' in sample)
    return { ...sample, email: `variant-${index}-${Math.random().toString(36).slice(2)}@post.example` }
  return sample
}

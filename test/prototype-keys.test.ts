/** Keys that every object inherits, such as `constructor`, are unknown keys like all others. */
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { contracts } from '../src/operations.ts'
import { surfaceOf } from '../src/platform/caller.ts'
import type { Definition } from '../src/platform/operation.ts'
import { bodies } from './access-bodies.fixtures.ts'
import { buildWorld, type MatrixWorld } from './access.fixtures.ts'
import { neverCommit } from './rollback.fixtures.ts'
import { fill, send, startSeparateServer, type Person, type TestServer } from './test-server.ts'

const KEYS = [...Object.getOwnPropertyNames(Object.prototype), 'prototype']
const operations = Object.entries(contracts as Record<string, Definition>).map(([name, definition]) => ({
  name,
  definition,
}))

let server: TestServer, world: MatrixWorld
beforeAll(async () => {
  server = await startSeparateServer(inject('world'), { demo: true })
  world = await buildWorld(server)
  const restore = neverCommit(server)
  return async () => {
    restore()
    await server.close()
  }
}, 120_000)

function personFor({ audience }: Definition): Person {
  const isStaff = audience.includes('staff') || audience.includes('person')
  const name = isStaff ? 'owner' : audience.includes('portalUser') ? 'may delete' : 'anonymous'
  return world.callers.find((caller) => caller.name === name)!.person
}

/** Sends a valid sample whose JSON text got `extra` as its first key, or whose address got `query`. */
function sendWith(name: string, definition: Definition, { extra = '', query: more = '' }) {
  const ids = world.ids.own
  const names = Object.keys(definition.params?.shape ?? {})
  const params = Object.fromEntries(names.map((key) => [key, ids[key as 'job'] ?? 'A'.repeat(43)]))
  const { path, query, body } = fill(
    definition,
    { ...params, ...bodies[name as keyof typeof bodies]?.(ids) },
    world.slug,
  )
  const isPortal = surfaceOf(definition.path) === 'portal'
  const json = JSON.stringify(body ?? {})
  return send({
    port: world.port,
    host: `${isPortal ? `${world.slug}.` : ''}localhost:${world.port}`,
    method: definition.method,
    path: `/api/v1${path}${query}${more && `${query ? '&' : '?'}${more}`}`,
    ...(extra && { body: json === '{}' ? `{${extra}}` : `{${extra},${json.slice(1)}` }),
    cookies: new Map(personFor(definition).cookies),
  })
}

type Refusal = { code?: string; fields?: Record<string, { code: string }> }

describe('keys that every object inherits', () => {
  it('1.9 PS-14 are refused in the body of every operation that writes, and nothing is dropped silently', async () => {
    const wrong: string[] = []
    for (const { name, definition } of operations.filter(({ definition: { writes, upload } }) => writes && !upload))
      for (const key of KEYS) {
        const { status, body } = await sendWith(name, definition, { extra: `${JSON.stringify(key)}: "x"` })
        const { code, fields = {} } = body as Refusal
        // JSON with `__proto__` is refused before it is read.
        const isRefused =
          key === '__proto__' ? code === 'malformed' : Object.hasOwn(fields, key) && fields[key]!.code === 'unknown'
        if (!isRefused) wrong.push(`${name} with ${key}: ${status} ${JSON.stringify(body).slice(0, 100)}`)
      }
    expect(wrong).toEqual([])
  }, 300_000)

  it('1.9 PS-14 are refused in the query of every operation', async () => {
    const wrong: string[] = []
    for (const { name, definition } of operations.filter(({ definition: { method } }) => method === 'GET'))
      for (const key of KEYS) {
        const { status, body } = await sendWith(name, definition, { query: `${key}=x` })
        const { fields = {} } = body as Refusal
        if (!Object.hasOwn(fields, key))
          wrong.push(`${name} with ${key}: ${status} ${JSON.stringify(body).slice(0, 100)}`)
      }
    expect(wrong).toEqual([])
  }, 120_000)

  it('1.9 are unknown fields in the answers of a booking, and no ID of a template field', async () => {
    const owner = world.callers.find(({ name }) => name === 'owner')!.person
    const user = world.callers.find(({ name }) => name === 'may delete')!.person
    const ids = world.ids.own
    for (const key of KEYS.filter((each) => each !== '__proto__')) {
      const booking = {
        template: ids.template,
        customer: ids.customer,
        address: '2 Another Street',
        fields: { [key]: 'x' },
      }
      const booked = await user.call('createPortalJob', booking)
      expect([key, booked.status, booked.body.fields?.[`fields.${key}`]?.code]).toEqual([key, 422, 'unknown'])
      const field = { id: key, name: 'A', type: 'text', portal: 'optional', worker: 'optional' }
      const created = await owner.call('createTemplate', { name: 'Repair', fields: [field] })
      expect([key, created.status]).toEqual([key, key === 'prototype' ? 201 : 422])
    }
  })
})

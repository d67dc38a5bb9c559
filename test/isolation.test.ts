/**
 * Calls every operation with another account's ids: the other account is neither changed nor revealed, and a refused
 * request writes nothing to the caller's account either (PS-35).
 */
import { createHash, randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { contracts } from '../src/operations.ts'
import type { Definition } from '../src/platform/operation.ts'
import { bodies } from './access-bodies.fixtures.ts'
import { CANARY } from './canary.ts'
import { buildWorld, type MatrixWorld } from './access.fixtures.ts'
import { fill, startSeparateServer, send, type TestServer } from './test-server.ts'

let server: TestServer, world: MatrixWorld
let tables: string[]
beforeAll(async () => {
  server = await startSeparateServer(inject('world'))
  world = await buildWorld(server)
  const { rows } = await server.stored((db) =>
    sql<{ name: string }>`
    select c.relname as name from pg_class c where c.relkind = 'r' and obj_description(c.oid) like 'class: tenant%'`.execute(
      db,
    ),
  )
  // Sessions record when they were last used, and idempotency keys are not business records.
  tables = rows
    .map((row) => row.name)
    .filter((name) => !['portal_sessions', 'idempotency_keys'].includes(name))
    .sort()
  return () => server.close()
}, 120_000)

/** A refusal is recorded in the caller's own account, and that is all it writes. */
const IS_NO_REFUSAL = sql`and event not like '%Refused'`

/** A hash of each table's rows of an account. */
async function fingerprint(account: string): Promise<Record<string, string>> {
  const fingerprints: Record<string, string> = {}
  for (const table of tables) {
    const { rows } = await server.stored((db) =>
      sql<{
        all: string | null
      }>`select string_agg(t::text, '|' order by t::text) as all from ${sql.table(table)} t
        where account_id = ${account} ${table === 'audit' ? IS_NO_REFUSAL : sql``}`.execute(db),
    )
    fingerprints[table] = createHash('md5')
      .update(rows[0]?.all ?? '')
      .digest('hex')
  }
  return fingerprints
}

describe('isolation', () => {
  it('PS-02 PS-35 PS-36 no caller reads or changes another account, and a refused request writes nothing', async () => {
    const [here, there] = await server.stored((db) =>
      db.selectFrom('account_settings').select('account_id').orderBy('name').execute(),
    )
    const accounts = { here: here!.account_id, there: there!.account_id }
    const before = await fingerprint(accounts.there)
    const wrong: string[] = []
    let requestCount = 0
    for (const [name, definition] of Object.entries(contracts as Record<string, Definition>)) {
      const idFields = Object.keys(definition.params?.shape ?? {})
        .concat(Object.keys(definition.body?.shape ?? {}))
        .filter((key) => key in world.ids.foreign)
      if (idFields.length === 0) continue
      const surface = definition.path.split('/')[1]
      for (const caller of world.callers.filter((each) =>
        ['owner', 'worker', 'portal user', 'may delete'].includes(each.name),
      )) {
        const ids = world.ids.foreign
        const sample = {
          ...Object.fromEntries(
            Object.keys(definition.body?.shape ?? {}).flatMap((key) =>
              key in ids ? [[key, ids[key as keyof typeof ids]]] : [],
            ),
          ),
          ...bodies[name as keyof typeof bodies]?.(ids),
        }
        const params = Object.fromEntries(
          Object.keys(definition.params?.shape ?? {}).map((key) => [key, ids[key as keyof typeof ids] ?? randomUUID()]),
        )
        const { path, query, body } = fill(
          definition,
          { ...(definition.method === 'GET' ? {} : sample), ...params },
          world.slug,
        )
        const ownBefore = await fingerprint(accounts.here)
        const reply = await send({
          port: server.port,
          host: surface === 'portal' ? `${world.slug}.localhost:${server.port}` : `localhost:${server.port}`,
          method: definition.method,
          path: `/api/v1${path}${query}`,
          ...(definition.method !== 'GET' && { body: body ?? {} }),
          cookies: new Map(caller.person.cookies),
        })
        requestCount++
        if (reply.text.includes(CANARY.foreign)) wrong.push(`${name} × ${caller.name} revealed the other account`)
        const after = await fingerprint(accounts.here)
        if (reply.status >= 400)
          for (const table of tables)
            if (ownBefore[table] !== after[table])
              wrong.push(`${name} × ${caller.name} was refused (${reply.status}) and wrote to ${table}`)
        if (reply.status < 300 && definition.params && Object.keys(definition.params.shape).some((key) => key in ids))
          wrong.push(`${name} × ${caller.name} answered ${reply.status} for a foreign id`)
      }
    }
    expect(wrong).toEqual([])
    expect(requestCount).toBeGreaterThan(150)
    expect(await fingerprint(accounts.there)).toEqual(before)
  }, 300_000)
})

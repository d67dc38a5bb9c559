/**
 * A7: each row-level security policy, weakened or removed in turn, is noticed. The probe knows by itself, from ACCESS and
 * not from the policies, who reaches which row.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { probe } from './policy-probe.fixtures.ts'
import { CLOSED, REACHED } from './policy-rules.fixtures.ts'
import { createPolicyWorld, type PolicyWorld } from './policy-world.fixtures.ts'
import { startSeparateServer, type TestServer } from './test-server.ts'

let server: TestServer, world: PolicyWorld
beforeAll(async () => {
  server = await startSeparateServer(inject('world'))
  world = await createPolicyWorld(server)
}, 120_000)
afterAll(async () => {
  await world?.client.end()
  await server?.close()
})

async function rolledBack<T>(work: () => Promise<T>): Promise<T> {
  await world.client.query('begin')
  try {
    return await work()
  } finally {
    await world.client.query('rollback')
  }
}

describe('policies', () => {
  it('A6 every tenant table has a rule for who reaches its rows, and test rows of both accounts', () => {
    const { tables, closedTables, rows, policies, here, there } = world
    expect(tables).toEqual(Object.keys(REACHED).sort())
    expect(closedTables).toEqual(CLOSED)
    expect(
      [...tables, ...closedTables].filter(
        (table) => ![here, there].every((account) => rows.get(table)!.some((row) => row.account_id === account)),
      ),
    ).toEqual([])
    expect(new Set(policies.map((each) => each.table))).toEqual(new Set(tables))
  })

  it('A7 with the policies as they are, every caller reaches exactly the rows they may reach', async () => {
    expect(await rolledBack(() => probe(world, world.tables))).toEqual([])
  })

  it('A7 the probe detects each policy that is weakened or dropped', async () => {
    const { client, tables, policies } = world
    const unnoticed: string[] = []
    let tried = 0
    for (const { table, policy, using, check } of policies) {
      // Only the account is left of a rule that says more.
      const account =
        "(account_id = ( SELECT (NULLIF(current_setting('app.account'::text, true), ''::text))::uuid AS \"nullif\"))"
      const mutations = [
        ...(using ? [`alter policy ${policy} on ${table} using (true)`] : []),
        ...(check ? [`alter policy ${policy} on ${table} with check (true)`] : []),
        ...(using && check ? [`alter policy ${policy} on ${table} using (true) with check (true)`] : []),
        ...(using && !isOnlyAccount(using) ? [`alter policy ${policy} on ${table} using ${account}`] : []),
        ...(check && !isOnlyAccount(check) && !(using && isSameForAllRows(check))
          ? [`alter policy ${policy} on ${table} with check ${account}`]
          : []),
        `drop policy ${policy} on ${table}`,
      ]
      for (const mutation of mutations) {
        tried += 1
        const found = await rolledBack(async () => {
          await client.query(mutation)
          return probe(world, [table])
        })
        if (found.length === 0) unnoticed.push(mutation)
      }
    }
    expect(tried).toBeGreaterThan(2 * policies.length)
    expect(unnoticed).toEqual([])
    expect(await rolledBack(() => probe(world, tables))).toEqual([])
  }, 300_000)
})

const isOnlyAccount = (expression: string) =>
  !/app\.(staff|actor|portal_user|customers|jobs_of|contacts|templates)/.test(expression)
/** Rows of one account all pass or all fail: then the check of an update adds nothing to its condition but the account. */
const isSameForAllRows = (expression: string) =>
  !/app\.(actor|portal_user|customers|jobs_of|contacts|templates)/.test(expression)

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { openPlanReader, type PlanReader } from '../bench/explain.ts'
import { missingReadOperations, listReadCalls, type ReadCall } from '../bench/read-calls.ts'
import { findPlanFaults, type Allowance, type Indexes } from '../bench/shape.ts'
import { withClient, openWorld, type BenchWorld } from '../bench/dataset.ts'

/** Of the portal: what has to read more than twenty rows for one, and why that is bounded. */
const PORTAL: Allowance[] = [
  {
    statement: /as own_templates|'links', coalesce/,
    rows: 600,
    reason: 'who calls: the links of one user and their customers, as one answer',
  },
  {
    operation: /Overview/,
    what: /^[^:]*$/,
    statement: /^select status, count/,
    rows: 10_200,
    reason: 'counts stop at 10,000, read from the index alone',
  },
  {
    operation: /listPortalJobs/,
    what: /search.*(short)/,
    statement: /find_portal_jobs/,
    rows: 25_000,
    reason: 'two letters are in no index of three: all own jobs are walked',
  },
  { operation: /Overview/, what: /search.*(short)/, statement: /find_portal_jobs/, rows: 10_000, reason: 'the same' },
  {
    what: /^200 customers search/,
    statement: /find_portal_jobs/,
    rows: 12_000,
    reason: "keys of all customers' newest, from the index alone, before at most 2,000 rows",
  },
  {
    what: /search/,
    statement: /find_portal_jobs/,
    rows: 3 * 2 * 501 + 1_000,
    reason: 'the newest 500 of each customer, and whether there are more, before the index is asked',
  },
  {
    what: /search/,
    statement: /from \( ?select j.search_text_office from jobs j where j.account_id = p_account_id/,
    rows: 500,
    reason: 'how common a word is, by the newest 500',
  },
  { what: /^200 customers search/, statement: /^select c.patterns/, rows: 200, reason: 'names of the customers' },
  {
    operation: /Overview/,
    statement: /jobs_visits|visit\.\*/,
    rows: 700,
    reason: 'the next visit of each of 200 customers',
  },
  {
    operation: /countPortalTickets/,
    statement: /^select count\(\*\)/,
    rows: 10_000,
    reason: 'counts of tickets stop at 10,000',
  },
  {
    operation: /listPortalTickets/,
    what: /^200 customers/,
    statement: /^select listed/,
    rows: 200 * 51,
    reason: 'the newest of each of 200 customers are merged',
  },
]

/** Of the office, whose counts look at more. */
const OFFICE: Allowance[] = [
  {
    statement: /from \( ?select j.search_text_office from jobs j where j.account_id = p_account_id/,
    rows: 500,
    reason: 'how common a word is, by the newest 500',
  },
  {
    what: /search/,
    statement: /^select array\( ?select c.id from customers|^select count\(\*\), array_agg\(distinct/,
    rows: 5_001,
    reason: 'the indexes of words',
  },
  {
    what: /search: (common|two common|customers)$/,
    statement: /^select j.id, j.number|^select exists/,
    rows: 10_060,
    reason: 'no index answers a common word: the newest 5,000 are walked, with their customers',
  },
  {
    what: /search: short/,
    statement: /^select j.id, j.number|^select exists/,
    rows: 80_002,
    reason: 'two letters are in no index of three: the account is walked, in steps',
  },
  {
    what: /search/,
    statement: /^with matches as/,
    rows: 20_200,
    reason: 'what was found, or the newest 10,000 with their customers, is counted once for all filters',
  },
  {
    what: /^owner (soonest|latest|changed|status|worker)$/,
    statement: /^select j.id/,
    rows: 40_200,
    reason: 'an order without an index: all jobs of the account are sorted',
  },
  {
    what: /^owner customer$/,
    statement: /^select j.id/,
    rows: 60_200,
    reason: 'the same by the names of their customers',
  },
  {
    what: /^owner one template$/,
    statement: /^select counted/,
    rows: 4 * 40_000 + 10_000 + 200,
    reason: 'a filter without an index is counted over all jobs of the account',
  },
  {
    operation: /countJobs/,
    statement: /^select counted/,
    rows: 5 * 10_000 + 200,
    reason: 'five counts that stop at 10,000 each',
  },
  {
    operation: /listPortalUsers/,
    statement: /^select (case|u.id)/,
    rows: 101,
    reason: 'an account has hundreds of portal users, and their states are counted',
  },
  { operation: /listCustomers/, statement: /count\(\*\)/, rows: 10_000, reason: 'counts stop at 10,000' },
  {
    operation: /getCustomer|getOfficeHome|getPortalChecklist/,
    statement: /./,
    rows: 5_000,
    reason: 'counts of one customer, or of the first page',
  },
  {
    operation: /getPortalUser$/,
    statement: /^select c.id, c.name, k.name/,
    rows: 6_000,
    reason: 'whose address fits is looked for in all customers',
  },
]

let world: BenchWorld, reader: PlanReader, asked: ReadCall[], indexes: Indexes
const folder = mkdtempSync(join(tmpdir(), 'portico-plans-'))

// As a host gives a server, nobody may load what explains statements; the plans of the embedded one are the same.
describe.skipIf(process.env.TEST_DATABASE_URL)('plans', () => {
  beforeAll(async () => {
    world = await openWorld(inject('world').admin, '40k')
    // Logins are few in this world. Without scans of whole tables a plan shows whether there is an index at all.
    reader = await openPlanReader(world, { folder, planner: ['enable_seqscan = off'] })
    asked = await listReadCalls(world)
    indexes = await withClient(
      world.connect,
      async (db) =>
        new Map(
          (
            await db.query<{ name: string; kind: string; columns: string[]; rows: number }>(`
      select c.relname as name, m.amname as kind, array(select pg_get_indexdef(i.indexrelid, place, false) from generate_series(1, i.indnkeyatts) place) as columns, t.reltuples as rows
      from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam join pg_class t on t.oid = i.indrelid where c.relnamespace = 'public'::regnamespace`)
          ).rows.map((each) => [each.name, each]),
        ),
    )
  }, 120_000)
  afterAll(async () => {
    await reader?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const faults = async (which: (reading: ReadCall) => boolean, allowances: Allowance[], seeks: boolean) => {
    const found: string[] = []
    for (const reading of asked.filter(which)) {
      const answer = await reader.explainCall(reading.operation, reading.token, reading.input)
      // What the caller's look-up alone answers is no plan of that operation.
      if (!answer.statements.some((each) => !each.nested)) found.push(`${reading.operation}: no statement was seen`)
      found.push(
        ...findPlanFaults(answer, `${reading.userKind} ${reading.description}`.trim(), { allowances, indexes, seeks }),
      )
    }
    return found
  }

  it('every reading operation of the portal is asked for', () => expect(missingReadOperations(asked)).toEqual([]))

  it('the portal reads at most twenty rows for one it answers, each by an index from the account on, whoever asks', async () => {
    expect(await faults((reading) => reading.userKind !== 'owner', PORTAL, true)).toEqual([])
    expect(PORTAL.filter((each) => !each.wasUsed).map((each) => each.reason)).toEqual([])
  }, 120_000)

  it('the office reads no table as a whole, and its counts stop', async () => {
    expect(await faults((reading) => reading.userKind === 'owner', OFFICE, false)).toEqual([])
    expect(OFFICE.filter((each) => !each.wasUsed).map((each) => each.reason)).toEqual([])
  }, 120_000)

  it('an index that is dropped is noticed', async () => {
    await withClient(world.connect, (db) => db.query('drop index jobs_of_customer, jobs_visits'))
    expect(
      (
        await faults(
          (reading) =>
            reading.userKind === 'large' &&
            /^listPortalJobs|Overview/.test(reading.operation) &&
            reading.description === 'all',
          PORTAL,
          true,
        )
      ).length,
    ).toBeGreaterThan(1)
  })
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { openReader, type Reader } from '../bench/explain.ts'
import { missing, readings, type Reading } from '../bench/readings.ts'
import { faultsOf, type Allowance, type Indexes } from '../bench/shape.ts'
import { as, openWorld, type BenchWorld } from '../bench/dataset.ts'

/** Of the portal: what has to read more than twenty rows for one, and why that is bounded. */
const PORTAL: Allowance[] = [
  {
    statement: /as own_templates|'links', coalesce/,
    rows: 600,
    because: 'who calls: the links of one user and their customers, as one answer',
  },
  {
    operation: /Overview/,
    what: /^[^:]*$/,
    statement: /^select status, count/,
    rows: 10_200,
    because: 'counts stop at 10,000, read from the index alone',
  },
  {
    operation: /listPortalJobs/,
    what: /search.*(short)/,
    statement: /find_portal_jobs/,
    rows: 25_000,
    because: 'two letters are in no index of three: all own jobs are walked',
  },
  { operation: /Overview/, what: /search.*(short)/, statement: /find_portal_jobs/, rows: 10_000, because: 'the same' },
  {
    what: /^200 customers search/,
    statement: /find_portal_jobs/,
    rows: 12_000,
    because: "keys of all customers' newest, from the index alone, before at most 2,000 rows",
  },
  {
    what: /search/,
    statement: /find_portal_jobs/,
    rows: 3 * 2 * 501 + 1_000,
    because: 'the newest 500 of each customer, and whether there are more, before the index is asked',
  },
  {
    what: /search/,
    statement: /from \( ?select j.search_text_office from jobs j where j.account_id = p_account_id/,
    rows: 500,
    because: 'how common a word is, by the newest 500',
  },
  { what: /^200 customers search/, statement: /^select c.patterns/, rows: 200, because: 'names of the customers' },
  {
    operation: /Overview/,
    statement: /jobs_visits|visit\.\*/,
    rows: 700,
    because: 'the next visit of each of 200 customers',
  },
]

/** Of the office, whose counts look at more. */
const OFFICE: Allowance[] = [
  {
    statement: /from \( ?select j.search_text_office from jobs j where j.account_id = p_account_id/,
    rows: 500,
    because: 'how common a word is, by the newest 500',
  },
  {
    what: /search/,
    statement: /^select array\( ?select c.id from customers|^select count\(\*\), array_agg\(distinct/,
    rows: 5_001,
    because: 'the indexes of words',
  },
  {
    what: /search: (common|two common|customers)$/,
    statement: /^select j.id, \(j.created_at\)|^select exists/,
    rows: 10_001,
    because: 'no index answers a common word: the newest 5,000 are walked, with their customers',
  },
  {
    what: /search: short/,
    statement: /^select j.id, \(j.created_at\)|^select exists/,
    rows: 80_002,
    because: 'two letters are in no index of three: the account is walked, in steps',
  },
  {
    what: /search/,
    statement: /^with matches as/,
    rows: 20_200,
    because: 'what was found, or the newest 10,000 with their customers, is counted once for all filters',
  },
  {
    what: /^owner (soonest|latest|changed)$/,
    statement: /^select j.id/,
    rows: 40_000,
    because: 'an order without an index: all jobs of the account are sorted',
  },
  {
    what: /^owner one template$/,
    statement: /^select counted/,
    rows: 4 * 40_000 + 10_000 + 200,
    because: 'a filter without an index is counted over all jobs of the account',
  },
  {
    operation: /countJobs/,
    statement: /^select counted/,
    rows: 5 * 10_000 + 200,
    because: 'five counts that stop at 10,000 each',
  },
  { operation: /listCustomers/, statement: /count\(\*\)/, rows: 10_000, because: 'counts stop at 10,000' },
  {
    operation: /getCustomer|getOfficeHome|getPortalChecklist/,
    statement: /./,
    rows: 5_000,
    because: 'counts of one customer, or of the first page',
  },
  {
    operation: /getPortalUser$/,
    statement: /^select c.id, c.name, k.name/,
    rows: 6_000,
    because: 'whose address fits is looked for in all customers',
  },
]

let world: BenchWorld, reader: Reader, asked: Reading[], indexes: Indexes
const folder = mkdtempSync(join(tmpdir(), 'portico-plans-'))

// As a host gives a server, nobody may load what explains statements; the plans of the embedded one are the same.
describe.skipIf(process.env.TEST_DATABASE_URL)('plans', () => {
  beforeAll(async () => {
    world = await openWorld(inject('world').admin, '40k')
    // Logins are few in this world. Without scans of whole tables a plan shows whether there is an index at all.
    reader = await openReader(world, { folder, planner: ['enable_seqscan = off'] })
    asked = await readings(world)
    indexes = await as(
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

  const faults = async (which: (reading: Reading) => boolean, allowances: Allowance[], seeks: boolean) => {
    const found: string[] = []
    for (const reading of asked.filter(which)) {
      const answer = await reader.ask(reading.operation, reading.token, reading.input)
      // What the caller's look-up alone answers is no plan of that operation.
      if (!answer.statements.some((each) => !each.nested)) found.push(`${reading.operation}: no statement was seen`)
      found.push(...faultsOf(answer, `${reading.who} ${reading.what}`.trim(), { allowances, indexes, seeks }))
    }
    return found
  }

  it('every reading operation of the portal is asked for', () => expect(missing(asked)).toEqual([]))

  it('the portal reads at most twenty rows for one it answers, each by an index from the account on, whoever asks', async () => {
    expect(await faults((reading) => reading.who !== 'owner', PORTAL, true)).toEqual([])
    expect(PORTAL.filter((each) => !each.used).map((each) => each.because)).toEqual([])
  }, 120_000)

  it('the office reads no table as a whole, and its counts stop', async () => {
    expect(await faults((reading) => reading.who === 'owner', OFFICE, false)).toEqual([])
    expect(OFFICE.filter((each) => !each.used).map((each) => each.because)).toEqual([])
  }, 120_000)

  it('an index that is dropped is noticed', async () => {
    await as(world.connect, (db) => db.query('drop index jobs_of_customer, jobs_visits'))
    expect(
      (
        await faults(
          (reading) =>
            reading.who === 'large' && /^listPortalJobs|Overview/.test(reading.operation) && reading.what === 'all',
          PORTAL,
          true,
        )
      ).length,
    ).toBeGreaterThan(1)
  })
})

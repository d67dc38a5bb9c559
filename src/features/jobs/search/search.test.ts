import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { startTestServer, type Business, type TestServer, type Person } from '../../../../test/test-server.ts'
import { fold, foldedPatterns } from '../../../platform/fold.ts'
import { newId } from '../../../platform/ids.ts'
import { COMMON_MATCHES_CAP } from '../portal/search/queries.ts'

/** More than a search looks at before it asks the index, also of many customers: the words of the oldest are found by it alone. */
const MANY_JOBS = 3_300
const WORDS = ['boiler', 'leak', 'oven', 'quay', 'ab', '4711', 'zebra', 'marten']
/** Searched for: whole words, parts of words, names, too short, with marks, in none. */
const TYPED = [
  ...WORDS,
  'oil',
  'ebr',
  'anders',
  'Ånders',
  'lettings',
  'a',
  '47',
  'ott%er',
  'x-9',
  'secret',
  'internalword',
  'nothing',
  'zzz',
]

let at: TestServer, here: Business, there: Business, client: pg.Client
let customers: string[], templates: string[], worker: Person, idle: Person
interface Row {
  id: string
  account: string
  customer: string
  template: string
  worker: string | null
  status: string
  portal: string
  office: string
  name: string
  search_text: string
}
let rows: Row[]

beforeAll(async () => {
  at = await startTestServer()
  ;[here, there] = [await at.business(), await at.business()]
  worker = await here.staff('worker', 'Marek Nowak')
  idle = await here.staff('worker', 'Idle Worker')
  templates = [
    await here.template({ name: 'Alpha' }),
    await here.template({ name: 'Beta' }),
    await here.template({ name: 'Gamma', offered: false }),
  ]
  const names = [
    'Anders Lettings',
    'Bolton',
    'Ånders Quay',
    ...Array.from({ length: 12 }, (_, index) => `Customer ${index}`),
  ]
  customers = await Promise.all(names.map((name) => here.customer(name)))
  const [foreign, foreignTemplate] = [await there.customer('Anders Foreign'), await there.template()]
  let number = 0
  const made: object[] = []
  const add = (
    account: string,
    customer: string,
    template: string,
    words: string,
    hidden = '',
    who: string | null = null,
  ) => {
    number += 1
    const portal = fold(String(number), words),
      created = new Date(at.clock.now().getTime() - (9_000 - number) * 1000)
    made.push({
      account_id: account,
      id: newId(),
      number: 1_000_000 + number,
      customer_id: customer,
      template_id: template,
      template_version: 1,
      title: 'Repair',
      created_by_kind: 'staff',
      worker_id: who,
      fields: {},
      tags: [],
      version: 1,
      status: who ? ['assigned', 'completed', 'unpublished'][number % 3] : ['unassigned', 'canceled'][number % 2],
      search_text_portal: portal,
      search_text_office: fold(portal, hidden),
      created_at: created,
      updated_at: created,
    })
  }
  // Older than anything of the large customer, and enough to fill a page.
  for (let index = 0; index < 9; index++) add(here.id, customers[1]!, templates[index % 2]!, 'heron')
  // Words recur with different periods, so pairs of words meet here and there; some stand in the oldest only.
  for (let index = 0; index < MANY_JOBS; index++) {
    const words = WORDS.filter((_, which) => index % (which * which * 5 + 5) === 0)
    add(
      here.id,
      customers[0]!,
      templates[index % 3]!,
      [...words, ...(index < 3 ? ['otter', 'ott%er', 'x-9'] : []), ...(index === 100 ? ['heron'] : [])].join(' '),
      index % 90 === 0 ? 'secret internalword' : '',
      index % 4 === 0 ? worker.id : null,
    )
  }
  for (let index = 0; index < 60; index++)
    add(
      here.id,
      customers[1 + (index % 14)]!,
      templates[index % 3]!,
      WORDS.filter((_, which) => (index + which) % 5 === 0).join(' '),
      index % 7 === 0 ? 'secret' : '',
      index % 3 === 0 ? worker.id : null,
    )
  for (let index = 0; index < 40; index++) add(there.id, foreign, foreignTemplate, WORDS.join(' '), 'secret')
  const { admin, passwords } = inject('world')
  const owner = new pg.Client({
    ...admin,
    database: at.database,
    user: 'portico_owner',
    password: passwords.portico_owner,
  })
  await owner.connect()
  await owner.query('insert into jobs select * from jsonb_populate_recordset(null::jobs, $1)', [JSON.stringify(made)])
  // Contacts and addresses of a customer are searched by the office, never by customers.
  await owner.query(
    "update customers set search_text = search_name || case when id = $1 then ' backdoor lane' else '' end",
    [customers[1]],
  )
  const { rows: stored } = await owner.query<Row>(
    `select j.id, j.account_id as account, j.customer_id as customer, j.template_id as template, j.worker_id as worker, j.status, j.search_text_portal as portal, j.search_text_office as office,
    c.search_name as name, c.search_text from jobs j join customers c on c.account_id = j.account_id and c.id = j.customer_id where j.account_id = any ($1) order by j.created_at desc, j.id desc`,
    [[here.id, there.id]],
  )
  rows = stored
  await owner.query('analyze jobs')
  await owner.end()
  client = new pg.Client({ ...admin, database: at.database, user: 'portico_app', password: passwords.portico_app })
  await client.connect()
}, 120_000)
afterAll(async () => client?.end())

type Settings = {
  account: string
  staff?: string
  actor_id?: string
  customers?: string[]
  jobs_of?: string[]
  templates?: string[]
  all_templates?: boolean
}

/** Ids that the function answers, and what walking all that row-level security shows would find. */
async function ask(settings: Settings, call: string, values: unknown[], walk: string, walked: unknown[]) {
  await client.query('begin read only')
  try {
    const asText = Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [
        key,
        Array.isArray(value) ? `{${value.join(',')}}` : String(value),
      ]),
    )
    await client.query('select app_begin($1)', [JSON.stringify(asText)])
    const found = (await client.query<{ ids: string[] | null }>(`select ${call} as ids`, values)).rows[0]!.ids
    return {
      found: found && [...found].sort(),
      walked: (await client.query<{ id: string }>(walk, walked)).rows.map((row) => row.id).sort(),
    }
  } finally {
    await client.query('rollback')
  }
}

const typed = fc.uniqueArray(fc.constantFrom(...TYPED), { minLength: 1, maxLength: 3 }).map((words) => words.join(' '))

describe('search', () => {
  it('PS-02 PS-12 the index answers a portal user what walking under row-level security finds, or that one must walk', async () => {
    let byIndex = 0
    await fc.assert(
      fc.asyncProperty(
        typed,
        fc.subarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]),
        fc.subarray([0, 1, 2, 14]),
        fc.boolean(),
        fc.subarray([0, 1, 2]),
        fc.boolean(),
        async (search, linked, extra, all, own, foreign) => {
          const patterns = foldedPatterns(search)
          const jobs_of = linked.map((index) => customers[index]!)
          // More is asked for than is reached: that changes nothing.
          const asked = [
            ...jobs_of,
            ...extra.map((index) => customers[index]!),
            ...rows
              .filter((row) => row.account === there.id)
              .slice(0, 1)
              .map((row) => row.customer),
          ]
          const { found, walked } = await ask(
            {
              account: foreign ? there.id : here.id,
              jobs_of,
              customers: jobs_of,
              all_templates: all,
              templates: own.map((index) => templates[index]!),
            },
            'find_portal_jobs($1, $2, 5000)',
            [asked, patterns],
            "select j.id from jobs j join customers c on c.account_id = j.account_id and c.id = j.customer_id where (j.search_text_portal || ' ' || c.search_name) like all ($1::text[])",
            [patterns],
          )
          if (found) byIndex += 1
          expect(found ?? walked).toEqual(walked)
          expect(walked).toEqual(
            foreign
              ? []
              : rows
                  .filter(
                    (row) =>
                      row.account === here.id &&
                      jobs_of.includes(row.customer) &&
                      (all || own.some((index) => templates[index] === row.template)) &&
                      holds(row.portal, row.name, search),
                  )
                  .map((row) => row.id)
                  .sort(),
          )
        },
      ),
      { numRuns: 150 },
    )
    expect(byIndex).toBeGreaterThan(30)
  })

  it('PS-02 V-29 the index answers staff what walking under row-level security finds: all of it for the office, their own for a worker', async () => {
    let byIndex = 0
    await fc.assert(
      fc.asyncProperty(
        typed,
        fc.constantFrom('all', 'assigned', 'idle', 'none', 'there'),
        fc.subarray([0, 1, 2]),
        async (search, who, reached) => {
          const patterns = foldedPatterns(search)
          const theirs = reached.map((index) => customers[index]!)
          const { found, walked } = await ask(
            {
              account: who === 'there' ? there.id : here.id,
              ...(who !== 'none' && { staff: who === 'all' || who === 'there' ? 'all' : 'assigned' }),
              actor_id: who === 'idle' ? idle.id : worker.id,
              customers: theirs,
            },
            'find_office_jobs($1, 5000)',
            [patterns],
            "select j.id from jobs j left join customers c on c.account_id = j.account_id and c.id = j.customer_id where (j.search_text_office || ' ' || coalesce(c.search_text, '')) like all ($1::text[])",
            [patterns],
          )
          if (found) byIndex += 1
          expect(found ?? walked).toEqual(walked)
          expect(walked).toEqual(
            rows
              .filter(
                (row) =>
                  row.account === (who === 'there' ? there.id : here.id) &&
                  (who === 'all' ||
                    who === 'there' ||
                    (who === 'assigned' && row.worker === worker.id && row.status !== 'unpublished')) &&
                  holds(
                    row.office,
                    who === 'assigned' && !theirs.includes(row.customer) ? '' : row.search_text,
                    search,
                  ),
              )
              .map((row) => row.id)
              .sort(),
          )
        },
      ),
      { numRuns: 150 },
    )
    expect(byIndex).toBeGreaterThan(30)
  })

  it('PS-12 PS-14 page after page, a search lists what it should, newest first, and counts it: for one customer, three and fifteen', async () => {
    const people = await Promise.all(
      [[0], [0, 1, 2], customers.map((_, index) => index)].map(async (linked) => ({
        linked: linked.map((index) => customers[index]!),
        who: await here.portalUser({ customers: linked.map((index) => customers[index]!) }),
      })),
    )
    for (const search of [...TYPED, 'boiler leak', 'anders zebra', 'otter leak', 'quay 4711']) {
      for (const { linked, who } of people) {
        const expected = rows.filter(
          (row) =>
            linked.includes(row.customer) && row.template !== templates[2] && holds(row.portal, row.name, search),
        )
        const shown = (row: Row) => row.status !== 'canceled'
        const read: string[] = []
        for (let cursor: string | undefined; ;) {
          const { rows: page, next } = await who.ok('listPortalJobs', { search, limit: 100, ...(cursor && { cursor }) })
          read.push(...page.map((row) => row.id))
          if (!next) break
          cursor = next
        }
        expect(read, `${search} of ${linked.length}`).toEqual(expected.map((row) => row.id))
        const { counts } = await who.ok('getPortalJobsOverview', { search })
        // Of customers with many jobs, a word too common for the index is counted so far.
        if (expected.length > COMMON_MATCHES_CAP && counts.all !== expected.length)
          expect(Math.floor(counts.all / 100) * 100).toBe(COMMON_MATCHES_CAP)
        else
          expect(counts).toMatchObject({ all: expected.length, canceled: expected.filter((row) => !shown(row)).length })
        const canceled = await who.ok('listPortalJobs', { search, group: 'canceled', limit: 100 })
        expect(canceled.rows.map((row) => row.id)).toEqual(
          expected
            .filter((row) => !shown(row))
            .slice(0, 100)
            .map((row) => row.id),
        )
      }
    }
  }, 120_000)

  it("one customer's old job comes before the older ones of another, though these fill the page", async () => {
    const who = await here.portalUser({ customers: customers.slice(0, 3) })
    const expected = rows.filter(
      (row) =>
        customers.slice(0, 3).includes(row.customer) && row.template !== templates[2] && row.portal.includes('heron'),
    )
    expect(expected.map((row) => row.customer === customers[0])).toEqual([
      true,
      ...Array.from({ length: 9 }, () => false),
    ])
    expect((await who.ok('listPortalJobs', { search: 'heron', limit: 4 })).rows.map((row) => row.id)).toEqual(
      expected.slice(0, 4).map((row) => row.id),
    )
  })

  it('E-68 the office lists and counts the same, in every order; a worker their own', async () => {
    for (const search of [...TYPED, 'boiler leak', 'anders zebra', 'backdoor', 'bolton secret']) {
      for (const [who, own] of [
        [here.owner, () => true],
        [worker, (row: Row) => row.worker === worker.id && row.status !== 'unpublished'],
      ] as const) {
        const reached = rows.filter((row) => row.account === here.id && own(row))
        const open = new Set(
          reached.filter((row) => !['completed', 'canceled'].includes(row.status)).map((row) => row.customer),
        )
        const expected = reached.filter((row) =>
          holds(row.office, who === worker && !open.has(row.customer) ? '' : row.search_text, search),
        )
        const [{ rows: page }, counts] = [
          await who.ok('listJobs', { search, limit: 100 }),
          await who.ok('countJobs', { search }),
        ]
        expect(
          page.map((row) => row.id),
          search,
        ).toEqual(expected.slice(0, 100).map((row) => row.id))
        expect(counts.all).toBe(expected.length)
        expect((await who.ok('listJobs', { search, sort: 'oldest', limit: 100 })).rows.map((row) => row.id)).toEqual(
          expected
            .toReversed()
            .slice(0, 100)
            .map((row) => row.id),
        )
      }
    }
  }, 120_000)

  it('PS-15 a renamed customer is found by the new name at once, and no longer by the old', async () => {
    const who = await here.portalUser({ customers: [customers[2]!] })
    const count = async (search: string) => (await who.ok('listPortalJobs', { search })).rows.length
    expect(await count('anders')).toBeGreaterThan(0)
    await at.stored((db) =>
      db.updateTable('customers').set({ name: 'Øtterburn' }).where('id', '=', customers[2]!).execute(),
    )
    expect([await count('anders'), await count('otterburn')]).toEqual([
      0,
      rows.filter((row) => row.customer === customers[2] && row.template !== templates[2]).length,
    ])
  })
})

const holds = (text: string, beside: string, search: string) =>
  fold(search)
    .split(' ')
    .every((word) => `${text} ${beside}`.includes(word))

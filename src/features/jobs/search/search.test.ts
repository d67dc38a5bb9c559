import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { fold, foldedPatterns } from '../../../platform/fold.ts'
import { COMMON_MATCHES_CAP } from '../rules.ts'
import { askIndex, createSearchWorld, SEARCHES, type SearchedJob } from './search.fixtures.ts'

const { server, here, there, client, customers, templates, worker, idle, jobs } = await createSearchWorld()
afterAll(() => client.end())

const searches = fc
  .uniqueArray(fc.constantFrom(...SEARCHES), { minLength: 1, maxLength: 3 })
  .map((words) => words.join(' '))

describe('search', () => {
  it('PS-02 PS-12 the index answers a portal user what walking under row-level security finds, or that one must walk', async () => {
    let indexed = 0
    await fc.assert(
      fc.asyncProperty(
        searches,
        fc.subarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]),
        fc.subarray([0, 1, 2, 14]),
        fc.boolean(),
        fc.subarray([0, 1, 2]),
        fc.boolean(),
        async (search, linked, extra, all, ownTemplates, foreign) => {
          const patterns = foldedPatterns(search)
          const jobs_of = linked.map((index) => customers[index]!)
          // More is asked for than is reached: that changes nothing.
          const requested = [
            ...jobs_of,
            ...extra.map((index) => customers[index]!),
            ...jobs
              .filter((row) => row.account === there.id)
              .slice(0, 1)
              .map((row) => row.customer),
          ]
          const { byIndex, byReading } = await askIndex(
            client,
            {
              account: foreign ? there.id : here.id,
              jobs_of,
              customers: jobs_of,
              all_templates: all,
              templates: ownTemplates.map((index) => templates[index]!),
            },
            'find_portal_jobs($1, $2, 5000)',
            [requested, patterns],
            {
              text: "select j.id from jobs j join customers c on c.account_id = j.account_id and c.id = j.customer_id where (j.search_text_portal || ' ' || c.search_name) like all ($1::text[])",
              values: [patterns],
            },
          )
          if (byIndex) indexed += 1
          expect(byIndex ?? byReading).toEqual(byReading)
          expect(byReading).toEqual(
            foreign
              ? []
              : jobs
                  .filter(
                    (row) =>
                      row.account === here.id &&
                      jobs_of.includes(row.customer) &&
                      (all || ownTemplates.some((index) => templates[index] === row.template)) &&
                      holds(row.portal, row.name, search),
                  )
                  .map((row) => row.id)
                  .sort(),
          )
        },
      ),
      { numRuns: 150 },
    )
    expect(indexed).toBeGreaterThan(30)
  })

  it('PS-02 V-29 the index answers staff what walking under row-level security finds: all of it for the office, their own for a worker', async () => {
    let indexed = 0
    await fc.assert(
      fc.asyncProperty(
        searches,
        fc.constantFrom('all', 'assigned', 'idle', 'none', 'there'),
        fc.subarray([0, 1, 2]),
        async (search, who, reached) => {
          const patterns = foldedPatterns(search)
          const theirs = reached.map((index) => customers[index]!)
          const { byIndex, byReading } = await askIndex(
            client,
            {
              account: who === 'there' ? there.id : here.id,
              ...(who !== 'none' && { staff: who === 'all' || who === 'there' ? 'all' : 'assigned' }),
              actor_id: who === 'idle' ? idle.id : worker.id,
              customers: theirs,
            },
            'find_office_jobs($1, 5000)',
            [patterns],
            {
              text: "select j.id from jobs j left join customers c on c.account_id = j.account_id and c.id = j.customer_id where (j.search_text_office || ' ' || coalesce(c.search_text, '')) like all ($1::text[])",
              values: [patterns],
            },
          )
          if (byIndex) indexed += 1
          expect(byIndex ?? byReading).toEqual(byReading)
          expect(byReading).toEqual(
            jobs
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
    expect(indexed).toBeGreaterThan(30)
  })

  it('PS-12 PS-14 page after page, a search lists what it should, newest first, and counts it: for one customer, three and fifteen', async () => {
    const people = await Promise.all(
      [[0], [0, 1, 2], customers.map((_, index) => index)].map(async (linked) => ({
        linked: linked.map((index) => customers[index]!),
        who: await here.portalUser({ customers: linked.map((index) => customers[index]!) }),
      })),
    )
    for (const search of [...SEARCHES, 'boiler leak', 'anders zebra', 'otter leak', 'quay 4711']) {
      for (const { linked, who } of people) {
        const expected = jobs.filter(
          (row) =>
            linked.includes(row.customer) && row.template !== templates[2] && holds(row.portal, row.name, search),
        )
        const shown = (row: SearchedJob) => row.status !== 'canceled'
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
    const expected = jobs.filter(
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
    for (const search of [...SEARCHES, 'boiler leak', 'anders zebra', 'backdoor', 'bolton secret']) {
      for (const [who, own] of [
        [here.owner, () => true],
        [worker, (row: SearchedJob) => row.worker === worker.id && row.status !== 'unpublished'],
      ] as const) {
        const reached = jobs.filter((row) => row.account === here.id && own(row))
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
    await server.stored((db) =>
      db.updateTable('customers').set({ name: 'Øtterburn' }).where('id', '=', customers[2]!).execute(),
    )
    expect([await count('anders'), await count('otterburn')]).toEqual([
      0,
      jobs.filter((row) => row.customer === customers[2] && row.template !== templates[2]).length,
    ])
  })
})

const holds = (text: string, beside: string, search: string) =>
  search.split(' ').every((word) => `${text} ${beside}`.includes(fold(word)))

import { readFile } from 'node:fs/promises'
import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { startTestServer } from '../../../../test/test-server.ts'
import { importSample, isoOf, SAMPLE_FILE, storedJobs, storedRows } from '../imports.fixtures.ts'

describe('the 40 requests of Los Angeles', () => {
  it('E-40 come in completely: one customer, types as templates, one site an address, statuses kept', async () => {
    const { business, stored } = await startTestServer()
    const firm = await business()
    const { counts, progress } = await importSample(firm, { chunk: 15 })
    expect(counts).toEqual({ rows: 40, new: 40, added: 0, existing: 0, rejected: 0 })
    expect(progress).toEqual([15, 30, 40])

    const source = parse(await readFile(SAMPLE_FILE), { columns: true }) as Record<string, string>[]
    const jobs = await storedJobs(firm)
    const [customer, ...others] = await stored((db) =>
      db.selectFrom('customers').selectAll().where('account_id', '=', firm.id).execute(),
    )
    expect(others).toEqual([])
    expect(customer).toMatchObject({ name: 'City of Los Angeles', reference: 'LA-311' })
    const templates = await stored((db) =>
      db.selectFrom('templates').selectAll().where('account_id', '=', firm.id).execute(),
    )
    expect(templates.map((each) => each.external_reference).sort()).toEqual(
      [...new Set(source.map((row) => row.RequestType))].sort(),
    )
    const sites = await stored((db) => db.selectFrom('sites').selectAll().where('account_id', '=', firm.id).execute())
    expect(sites.map((each) => each.address).sort()).toEqual([...new Set(source.map((row) => row.Address))].sort())
    expect(sites.length).toBeLessThan(40)
    expect(sites.every((site) => site.latitude! > 33 && site.longitude! < -118)).toBe(true)

    for (const row of source) {
      const job = jobs.find((each) => each.external_reference === row.SRNumber)!
      expect(job).toMatchObject({
        customer_id: customer!.id,
        template: row.RequestType,
        title: row.RequestType,
        siteAddress: row.Address,
        tags: [row.Owner],
        status: row.Status === 'Closed' ? 'completed' : 'canceled',
      })
      expect(job.fields).toEqual({ 'request-source': row.RequestSource })
      expect([job.latitude, job.longitude]).toEqual([Number(row.Latitude), Number(row.Longitude)])
    }
    // Numbers go on from the account's own counter, in the order of the file.
    expect(jobs.map((job) => job.external_reference)).toEqual(source.map((row) => row.SRNumber))
  })

  it('tell nobody: what happened before is no news', async () => {
    const { business, stored } = await startTestServer()
    const firm = await business()
    await importSample(firm)
    const rows = await stored(async (db) => [
      ...(await db.selectFrom('record_updates').select('id').where('account_id', '=', firm.id).execute()),
      ...(await db.selectFrom('outbox').select('id').where('account_id', '=', firm.id).execute()),
    ])
    expect(rows).toEqual([])
  })

  it('E-40 keep their times to the second, in the time of Los Angeles', async () => {
    const { business } = await startTestServer()
    const firm = await business({ timeZone: 'Europe/London' })
    await importSample(firm)
    const jobs = await storedJobs(firm)
    const of = (reference: string) => jobs.find((each) => each.external_reference === reference)!
    // Created in winter, closed in summer: two different offsets.
    const long = of('1-870704831')
    expect([long.created_at, long.scheduled_at, long.completed_at, long.updated_at].map(isoOf)).toEqual([
      '2018-01-01T07:59:58.000Z',
      '2018-01-05T08:00:00.000Z',
      '2018-04-09T16:18:35.000Z',
      '2018-04-09T16:25:28.000Z',
    ])
    // An intersection without a house number and without a service date.
    const crossing = of('1-870692591')
    expect(crossing).toMatchObject({
      address: 'DEVONSHIRE ST AT BURNET AVE, 91345',
      scheduled_at: null,
      status: 'completed',
    })
    expect(crossing.site_id).not.toBeNull()
    // Two at one address share the site.
    expect(of('1-870693641').site_id).toBe(of('1-870703871').site_id)
  })

  it('E-51 E-40 a canceled job has no times; its history has them and says imported', async () => {
    const { business, stored } = await startTestServer()
    const firm = await business()
    await importSample(firm)
    const canceled = (await storedJobs(firm)).find((each) => each.external_reference === '1-870687481')!
    expect(canceled).toMatchObject({ status: 'canceled', scheduled_at: null, started_at: null, completed_at: null })
    expect(isoOf(canceled.canceled_at)).toBe('2018-01-02T17:23:14.000Z')
    const history = await stored((db) =>
      db
        .selectFrom('history')
        .selectAll()
        .where('account_id', '=', firm.id)
        .where('parent_id', '=', canceled.id)
        .orderBy('id')
        .execute(),
    )
    expect(
      history.map(({ event, to_status, actor_kind, details }) => ({ event, to_status, actor_kind, details })),
    ).toEqual([
      { event: 'imported', to_status: 'canceled', actor_kind: 'system', details: { reference: '1-870687481' } },
      {
        event: 'timesRemoved',
        to_status: null,
        actor_kind: 'system',
        details: { scheduledAt: '2018-01-02T17:22:32.000Z' },
      },
    ])
  })

  it('are found in the office by what they say, and a hidden field is no text a customer finds', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    await importSample(firm)
    const found = await firm.owner.ok('listJobs', { search: 'burnet devonshire' })
    expect(found.rows.map((row) => row.title)).toContain('Dead Animal Removal')
    expect((await firm.owner.ok('listJobs', { search: '1-870704831' })).rows).toHaveLength(1)
    expect((await firm.owner.ok('listCustomers', { search: 'mesa ave' })).rows.map((row) => row.name)).toEqual([
      'City of Los Angeles',
    ])
    const jobs = await storedJobs(firm)
    expect(
      jobs.every(
        (job) =>
          job.search_text_office.includes('self service') || !JSON.stringify(job.fields).includes('Self Service'),
      ),
    ).toBe(true)
    expect(jobs.filter((job) => job.search_text_portal.includes('self service'))).toEqual([])
  })

  it('E-16 a second run changes nothing, and never takes a customer of the same name', async () => {
    const { business, clock } = await startTestServer()
    const firm = await business()
    const namesake = await firm.customer('City of Los Angeles')
    await importSample(firm)
    const before = await storedRows(firm)
    clock.advance(86_400_000)
    expect((await importSample(firm, { chunk: 7 })).counts).toMatchObject({ new: 0, existing: 40, rejected: 0 })
    expect(await storedRows(firm)).toEqual(before)
    expect((await storedJobs(firm)).filter((job) => job.customer_id === namesake)).toEqual([])
  })

  it('a dry run writes nothing and reports the outcome of every row', async () => {
    const { business } = await startTestServer()
    const firm = await business()
    const before = await storedRows(firm)
    const { counts, printed } = await importSample(firm, { dryRun: true, chunk: 9 })
    expect(counts).toMatchObject({ new: 40 })
    expect(printed).toHaveLength(41)
    expect(printed.slice(0, 2)).toEqual(['"row","reference","outcome","reasons"', '"2","1-870704831","new",""'])
    expect(await storedRows(firm)).toEqual(before)
  })
})

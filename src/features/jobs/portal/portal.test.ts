import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bookJob, FIELDS, home, moveJob, upload, createWorld } from '../jobs.fixtures.ts'

const { business, stored } = home

describe('what a customer sees', () => {
  it('PS-01 a user without any customer gets empty lists, empty counts and not found', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    const outsider = await here.harbour.portalUser()
    expect(await outsider.ok('listPortalJobs', {})).toMatchObject({ rows: [], next: null })
    expect(await outsider.ok('getPortalJobsOverview', {})).toEqual({
      counts: { all: 0, open: 0, completed: 0, canceled: 0 },
      upcoming: null,
      customers: [],
    })
    expect((await outsider.call('getPortalJob', { job })).status).toBe(404)
  })

  it('PS-02 PS-03 a job of another customer answers like one that never was, whatever is done to it', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    const other = await here.harbour.portalUser({ customers: [await here.harbour.customer('Rachel Okoye')] })
    const absent = crypto.randomUUID()
    const calls = [
      ['getPortalJob', {}],
      ['updatePortalJob', { version: 1 }],
      ['cancelPortalJob', {}],
      ['deletePortalJob', {}],
      ['addPortalComment', { body: 'x' }],
    ] as const
    for (const [name, input] of calls) {
      const [foreign, never] = [
        await other.call(name, { job, ...input } as never),
        await other.call(name, { job: absent, ...input } as never),
      ]
      expect(foreign.status, name).toBe(404)
      const plain = ({ body: { requestId: _, ...body } }: { body: { requestId?: string } }) => body
      expect(plain(foreign as never)).toEqual(plain(never as never))
    }
    expect(await here.dispatcher.ok('getJob', { job })).toMatchObject({
      status: 'unassigned',
      version: 1,
      comments: [],
    })
  })

  it('PS-29 E-52 PS-33 internal comments, hidden answers, reasons, worker’s address and other customers are in no answer', async () => {
    const here = await createWorld({ fields: [...FIELDS] })
    const job = await bookJob(here, { fields: { wrong: 'Leaks' } })
    const { version } = await here.dispatcher.ok('getJob', { job })
    await here.dispatcher.ok('updateJob', { job, version, fields: { margin: 'SECRET margin' }, tags: ['SECRET tag'] })
    await here.dispatcher.ok('addJobComment', { job, audience: 'internal', body: 'SECRET comment' })
    await here.dispatcher.ok('addJobComment', { job, audience: 'customer', body: 'Please clear the cupboard.' })
    const { id: file } = (
      await upload(here.dispatcher, `/office/${here.harbour.slug}/jobs/${job}/files`, {
        name: 'SECRET.txt',
        more: { audience: 'internal' },
      })
    ).body
    await moveJob(here.dispatcher, job, { to: 'assigned', worker: here.worker.id, reason: 'SECRET reason' })
    const detail = await here.eleanor.call('getPortalJob', { job })
    const list = await here.eleanor.call('listPortalJobs', { search: 'dishwasher' })
    expect(detail.text + list.text).not.toMatch(/SECRET|Margin|worker\.[0-9a-f]+@/)
    expect(detail.body.comments).toMatchObject([
      { body: 'Please clear the cupboard.', by: { kind: 'staff', name: 'Dana' } },
    ])
    expect(file).toBeTruthy()
    for (const search of ['secret', 'margin', 'cupboard', 'marek'])
      expect((await here.eleanor.ok('listPortalJobs', { search })).rows, search).toEqual([])
  })

  it('PS-14 E-68 a search or filter on something unknown or hidden is refused or finds nothing', async () => {
    const here = await createWorld()
    for (const query of [
      { sort: 'worker' },
      { worker: here.worker.id },
      { status: 'declined' },
      { group: 'declined' },
      { fields: 'margin' },
    ]) {
      expect((await here.eleanor.call('listPortalJobs', query as never)).status).toBe(422)
    }
    expect((await here.eleanor.ok('listPortalJobs', { customer: await here.harbour.customer('Else') })).rows).toEqual(
      [],
    )
  })

  it('PS-14 PS-15 a field hidden later cannot be searched for any more', async () => {
    const here = await createWorld({ fields: [{ ...FIELDS[0] }] })
    await bookJob(here, { fields: { wrong: 'Zebrafish' } })
    expect((await here.eleanor.ok('listPortalJobs', { search: 'zebrafish' })).rows).toHaveLength(1)
    const { version, fields } = await here.harbour.owner.ok('getTemplate', { template: here.template })
    await here.harbour.owner.ok('updateTemplate', {
      template: here.template,
      version,
      fields: fields.map((field) => ({ ...field, portal: 'hidden' as const })),
    })
    expect((await here.eleanor.ok('listPortalJobs', { search: 'zebrafish' })).rows).toEqual([])
    expect((await here.dispatcher.ok('listJobs', { search: 'zebrafish' })).rows).toHaveLength(1)
  })

  it('E-66 staff are named as the business chose, and a colleague by name', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    await here.dispatcher.ok('addJobComment', { job, audience: 'customer', body: 'Hello' })
    const colleague = await here.harbour.portalUser({ name: 'Rachel Okoye', customers: [here.customer] })
    const names = async (rule: string) => {
      await stored((db) =>
        db
          .updateTable('portal_settings')
          .set({ staff_names: rule })
          .where('account_id', '=', here.harbour.id)
          .execute(),
      )
      const { comments, createdBy } = await colleague.ok('getPortalJob', { job })
      return [comments[0]!.by.name, createdBy.kind, createdBy.name]
    }
    expect(await names('full')).toEqual(['Dana Reyes', 'colleague', 'Eleanor Finch'])
    expect((await names('first'))[0]).toBe('Dana')
    expect((await names('business'))[0]).toBe('Harbour Appliance Repair')
  })

  it('E-19 a job type taken away hides its jobs by default, or not, as the business chose', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    await stored((db) =>
      db.updateTable('portal_settings').set({ templates: [] }).where('account_id', '=', here.harbour.id).execute(),
    )
    expect((await here.eleanor.call('getPortalJob', { job })).status).toBe(404)
    expect((await here.eleanor.ok('getPortalJobsOverview', {})).counts.all).toBe(0)
    await stored((db) =>
      db
        .updateTable('portal_settings')
        .set({ hide_jobs_of_other_templates: false })
        .where('account_id', '=', here.harbour.id)
        .execute(),
    )
    expect((await here.eleanor.call('getPortalJob', { job })).status).toBe(200)
  })

  it('PS-09 V-27 a user who is unlinked sees nothing from the next request on, and the jobs stay', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    await stored((db) => db.deleteFrom('portal_links').where('portal_user_id', '=', here.eleanor.id).execute())
    expect((await here.eleanor.call('getPortalJob', { job })).status).toBe(404)
    expect((await here.eleanor.ok('listPortalJobs', {})).rows).toEqual([])
    expect((await here.dispatcher.ok('getJob', { job })).status).toBe('unassigned')
  })

  it('PS-13 PS-12 for any users and jobs: listed = opens = found = counted', async () => {
    const harbour = await business()
    const customers = [await harbour.customer('Ada'), await harbour.customer('Ben'), await harbour.customer('Cleo')]
    const templates = [
      await harbour.template({ name: 'Alpha' }),
      await harbour.template({ name: 'Beta' }),
      await harbour.template({ name: 'Gamma', offered: false }),
    ]
    const jobs: { id: string; customer: string; template: string; status: string }[] = []
    for (const [c, customer] of customers.entries())
      for (const [t, template] of templates.entries()) {
        const { id } = await harbour.owner.ok('createJob', { customer, template })
        const status = ['unassigned', 'completed', 'canceled'][(c + t) % 3]!
        await stored((db) => db.updateTable('jobs').set({ status }).where('id', '=', id).execute())
        jobs.push({ id, customer, template, status })
      }
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(customers),
        fc.constantFrom('default', 'add', 'replace', 'hide'),
        fc.subarray(templates),
        fc.constantFrom(undefined, 'alpha', 'ada', 'b', '100'),
        fc.constantFrom(undefined, 'open', 'completed', 'canceled'),
        async (linked, templatesMode, own, search, group) => {
          const who = await harbour.portalUser({ customers: linked, templatesMode, templates: own })
          const seen = new Set(
            templatesMode === 'default'
              ? templates.slice(0, 2)
              : templatesMode === 'add'
                ? [...templates.slice(0, 2), ...own]
                : templatesMode === 'replace'
                  ? own
                  : templates.slice(0, 2).filter((each) => !own.includes(each)),
          )
          const expected = jobs
            .filter((job) => linked.includes(job.customer) && seen.has(job.template))
            .map((job) => job.id)
            .sort()
          const all = await who.ok('listPortalJobs', {})
          expect(all.rows.map((row) => row.id).sort()).toEqual(expected)
          const opened: string[] = []
          for (const { id } of jobs) if ((await who.call('getPortalJob', { job: id })).status === 200) opened.push(id)
          expect(opened.sort()).toEqual(expected)
          const found = await who.ok('listPortalJobs', { ...(search && { search }), ...(group && { group }) } as never)
          expect(found.rows.every((row) => expected.includes(row.id))).toBe(true)
          const { counts } = await who.ok('getPortalJobsOverview', { ...(search && { search }) } as never)
          expect(found.rows).toHaveLength(group ? counts[group as 'open'] : counts.all)
          expect(counts.open + counts.completed + counts.canceled).toBe(counts.all)
        },
      ),
      { numRuns: 15 },
    )
  })

  it.each([3, 20])('pages through %i customers newest first without a gap', async (many) => {
    const harbour = await business()
    const template = await harbour.template()
    const customers = await Promise.all(
      Array.from({ length: many }, (_, index) => harbour.customer(`Customer ${index}`)),
    )
    // Unevenly: some have most of the jobs, some none, and several share a moment.
    for (let index = 0; index < 18; index++) {
      if (index % 3 === 0) home.clock.advance(60_000)
      await harbour.owner.ok('createJob', { customer: customers[(index * index) % many]!, template })
    }
    const who = await harbour.portalUser({ customers })
    const all = (await who.ok('listPortalJobs', {})).rows.map((row) => row.number)
    expect(all).toEqual(Array.from({ length: 18 }, (_, index) => 1018 - index))
    for (const limit of [1, 4, 17]) {
      const read: number[] = []
      for (let cursor: string | undefined; ;) {
        const { rows, next } = await who.ok('listPortalJobs', { limit, ...(cursor && { cursor }) })
        read.push(...rows.map((row) => row.number))
        if (!next) break
        cursor = next
      }
      expect(read).toEqual(all)
    }
  })

  it('a forged place to go on from is refused, whatever is in it', async () => {
    const here = await createWorld()
    const at = '2026-11-22 00:00:00+00',
      id = crypto.randomUUID()
    for (const forged of [
      '',
      'newest',
      `newest|${at}|${'-'.repeat(36)}`,
      `newest|2026-99-99 99:99:99+00|${id}`,
      `newest|x|${id}`,
      `oldest|${at}|${id}`,
    ]) {
      const cursor = Buffer.from(forged).toString('base64url') || 'x'
      for (const search of [undefined, 'dishwasher'])
        expect((await here.eleanor.call('listPortalJobs', { cursor, ...(search && { search }) })).status, forged).toBe(
          422,
        )
    }
    expect(
      (await here.eleanor.call('listPortalJobs', { cursor: Buffer.from(`newest|${at}|${id}`).toString('base64url') }))
        .status,
    ).toBe(200)
  })

  it('PS-32 the response has exactly these fields; a new column is not sent until the contract names it', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    expect(Object.keys(await here.eleanor.ok('getPortalJob', { job })).sort()).toEqual([
      'address',
      'can',
      'canceledAt',
      'closed',
      'comments',
      'completedAt',
      'createdAt',
      'createdBy',
      'currency',
      'customer',
      'durationMinutes',
      'fields',
      'files',
      'group',
      'history',
      'icon',
      'id',
      'number',
      'progress',
      'requested',
      'requestedAt',
      'scheduledAt',
      'site',
      'sites',
      'status',
      'template',
      'ticket',
      'timeZone',
      'title',
      'version',
      'worker',
    ])
  })
})

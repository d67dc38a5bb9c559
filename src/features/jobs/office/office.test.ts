import { describe, expect, it } from 'vitest'
import { bookJob, FIELDS, home, upload, createWorld } from '../jobs.fixtures.ts'
import { type JobStatus } from '../rules.ts'

const { stored } = home
const reset = (job: string, status: JobStatus, worker: string | null) =>
  stored((db) => db.updateTable('jobs').set({ status, worker_id: worker, version: 1 }).where('id', '=', job).execute())

describe('the office', () => {
  it('creates a job with answers, a worker, a time and an internal note', async () => {
    const here = await createWorld({ fields: [...FIELDS] })
    const made = await here.dispatcher.ok('createJob', {
      customer: here.customer,
      template: here.template,
      site: here.site,
      fields: { margin: '40 %', wrong: 'Leaks' },
      worker: here.worker.id,
      scheduled: { day: '2027-06-01', time: '09:30' },
      tags: ['warranty'],
      note: 'Pays late.',
    })
    expect(await here.dispatcher.ok('getJob', { job: made.id })).toMatchObject({
      status: 'assigned',
      tags: ['warranty'],
      scheduled: { at: '2027-06-01T08:30:00.000Z', day: '2027-06-01', time: '09:30' },
      comments: [{ audience: 'internal', body: 'Pays late.' }],
      fields: [
        { id: 'wrong', value: 'Leaks' },
        {},
        { id: 'contract', value: 'No' },
        { id: 'margin', value: '40 %' },
        {},
      ],
    })
    expect((await here.eleanor.call('getPortalJob', { job: made.id })).text).not.toMatch(
      /Pays late|40 %|Margin|warranty/,
    )
  })

  it('E-44 E-43 a job needs no coordinates and no address, and no time that the clocks jump over', async () => {
    const here = await createWorld()
    const base = { customer: here.customer, template: here.template }
    expect((await here.dispatcher.call('createJob', base)).status).toBe(201)
    expect(
      (await here.dispatcher.call('createJob', { ...base, scheduled: { day: '2027-03-28', time: '01:30' } })).body
        .fields,
    ).toMatchObject({ scheduled: { code: 'timeGap', text: expect.stringContaining('in London') } })
    expect((await here.dispatcher.call('createJob', { ...base, latitude: 51.4 })).status).toBe(422)
  })

  it('PS-36 customers, templates, sites and workers of another business are no choices', async () => {
    const here = await createWorld(),
      there = await createWorld()
    const reply = await here.dispatcher.call('createJob', {
      customer: there.customer,
      template: there.template,
      worker: there.worker.id,
    })
    expect(reply.body.fields).toMatchObject({
      customer: { code: 'choice' },
      template: { code: 'choice' },
      worker: { code: 'choice' },
    })
    expect(
      (await here.dispatcher.call('createJob', { customer: here.customer, template: here.template, site: there.site }))
        .body.fields,
    ).toMatchObject({ site: { code: 'choice' } })
    const job = await bookJob(here)
    const foreign = { job, version: 1, worker: there.worker.id }
    for (const refused of [
      await here.dispatcher.call('assignJob', foreign),
      await here.dispatcher.call('changeJobStatus', { ...foreign, to: 'assigned' }),
    ])
      expect([refused.status, refused.body.fields?.worker?.code]).toEqual([422, 'choice'])
  })

  it('PS-12 a count is what the list would show, whatever else is filtered', async () => {
    const here = await createWorld()
    const other = await here.harbour.template({ name: 'Oven repair' })
    const rachel = await here.harbour.customer('Rachel Okoye')
    const second = await here.harbour.staff('worker', 'Priya Raman')
    const at = async (customer: string, template: string, worker?: string) =>
      (await here.dispatcher.ok('createJob', { customer, template, ...(worker && { worker }) })).id
    await at(here.customer, here.template)
    await at(here.customer, other, here.worker.id)
    await at(rachel, other, second.id)
    await at(rachel, here.template, second.id)
    for (const filter of [
      {},
      { worker: second.id },
      { template: other },
      { search: 'okoye' },
      { worker: ['none', second.id], customer: rachel },
    ] as const) {
      const [{ rows }, counts] = [
        await here.dispatcher.ok('listJobs', filter as never),
        await here.dispatcher.ok('countJobs', filter as never),
      ]
      expect(counts.all).toBe(rows.length)
      for (const { id, count } of counts.status)
        expect((await here.dispatcher.ok('listJobs', { ...filter, status: id } as never)).rows).toHaveLength(count)
      for (const { id, count } of counts.worker)
        expect((await here.dispatcher.ok('listJobs', { ...filter, worker: id } as never)).rows).toHaveLength(count)
      for (const { id, count } of counts.template)
        expect((await here.dispatcher.ok('listJobs', { ...filter, template: id } as never)).rows).toHaveLength(count)
    }
  })

  it('reads page after page without a gap or a double, in every order', async () => {
    const here = await createWorld()
    for (let day = 1; day <= 7; day++)
      await here.dispatcher.ok('createJob', {
        customer: here.customer,
        template: here.template,
        ...(day % 3 !== 0 && { scheduled: { day: `2027-04-0${day}`, time: '09:00' } }),
      })
    for (const sort of ['newest', 'oldest', 'soonest', 'latest', 'changed'] as const) {
      const all = (await here.dispatcher.ok('listJobs', { sort })).rows.map((row) => row.id)
      const read: string[] = []
      for (let cursor: string | undefined; ;) {
        const { rows, next } = await here.dispatcher.ok('listJobs', { sort, limit: 2, ...(cursor && { cursor }) })
        read.push(...rows.map((row) => row.id))
        if (!next) break
        cursor = next
      }
      expect(read).toEqual(all)
    }
    expect((await here.dispatcher.call('listJobs', { cursor: 'bm9uc2Vuc2U' })).status).toBe(422)
  })

  it('E-68 finds by number, customer, answers and place, without regard to case or accents; typed wildcards mean themselves', async () => {
    const here = await createWorld({ fields: [...FIELDS] })
    const rachel = await here.harbour.customer('Renée Oké')
    await stored((db) =>
      db.updateTable('customers').set({ search_text: 'renee oke' }).where('id', '=', rachel).execute(),
    )
    const made = await here.dispatcher.ok('createJob', {
      customer: rachel,
      template: here.template,
      address: '5 Wapping Road',
      fields: { margin: 'sécret' },
    })
    for (const search of ['renee', 'OKÉ wapping', String(made.number), 'secret', 'dishwasher']) {
      expect(
        (await here.dispatcher.ok('listJobs', { search })).rows.map((row) => row.id),
        search,
      ).toContain(made.id)
    }
    for (const search of ['%', 'rene_e', "' or 1=1 --"])
      expect((await here.dispatcher.ok('listJobs', { search })).rows).toEqual([])
  })

  it('a worker sees the jobs given and released to them, and plans nothing', async () => {
    const here = await createWorld()
    const mine = (
      await here.dispatcher.ok('createJob', {
        customer: here.customer,
        template: here.template,
        worker: here.worker.id,
      })
    ).id
    const other = await bookJob(here)
    expect((await here.worker.ok('listJobs', {})).rows.map((row) => row.id)).toEqual([mine])
    expect((await here.worker.ok('countJobs', {})).all).toBe(1)
    expect((await here.worker.call('getJob', { job: other })).status).toBe(404)
    expect((await here.worker.call('scheduleJob', { job: mine, version: 1, scheduled: null })).status).toBe(403)
    expect((await here.worker.call('createJob', { customer: here.customer, template: here.template })).status).toBe(403)
    expect((await here.worker.call('deleteJob', { job: mine })).status).toBe(403)
    expect(
      (await here.worker.call('changeJobStatus', { job: mine, version: 1, to: 'started', worker: here.dispatcher.id }))
        .status,
    ).toBe(422)
    await reset(mine, 'unpublished', here.worker.id)
    expect((await here.worker.call('getJob', { job: mine })).status).toBe(404)
  })

  it('V-29 a field hidden from workers is not sent to a worker, and the office still sees it', async () => {
    const here = await createWorld({
      fields: [
        { id: 'wrong', name: 'What is wrong?', type: 'text', portal: 'optional', worker: 'optional' },
        { id: 'margin', name: 'Margin', type: 'text', portal: 'hidden', worker: 'hidden' },
      ],
    })
    const { id: job } = await here.dispatcher.ok('createJob', {
      customer: here.customer,
      template: here.template,
      worker: here.worker.id,
      fields: { wrong: 'Leaks', margin: 'SECRET' },
    })
    const asked = async (who: typeof here.worker) => (await who.ok('getJob', { job })).fields.map((field) => field.id)
    expect(await asked(here.worker)).toEqual(['wrong'])
    expect((await here.worker.call('getJob', { job })).text).not.toContain('SECRET')
    expect(await asked(here.dispatcher)).toEqual(['wrong', 'margin'])
  })

  it('E-20 a job keeps the template fields of the version it was created with', async () => {
    const here = await createWorld({ fields: [...FIELDS] })
    const job = await bookJob(here, { fields: { wrong: 'Leaks' } })
    await stored(async (db) => {
      await db
        .insertInto('template_versions')
        .values({
          account_id: here.harbour.id,
          template_id: here.template,
          version: 2,
          fields: JSON.stringify([{ ...FIELDS[0], name: 'Fault' }]),
          created_at: home.clock.now(),
        })
        .execute()
      await db.updateTable('templates').set({ version: 2 }).where('id', '=', here.template).execute()
    })
    expect((await here.dispatcher.ok('getJob', { job })).fields.map((field) => field.name)).toEqual(
      FIELDS.map((field) => field.name),
    )
  })

  it('only owner and admin delete, and the bytes of its files go too unless another job holds them', async () => {
    const here = await createWorld()
    const job = await bookJob(here)
    const { id } = (
      await upload(here.dispatcher, `/office/${here.harbour.slug}/jobs/${job}/files`, {
        more: { audience: 'internal' },
      })
    ).body
    const key = (
      await stored((db) => db.selectFrom('files').select('storage_key').where('id', '=', id).executeTakeFirstOrThrow())
    ).storage_key
    expect((await here.dispatcher.call('deleteJob', { job })).body.code).toBe('managersOnly')
    expect((await here.harbour.owner.call('deleteJob', { job })).status).toBe(200)
    expect((await here.dispatcher.call('getJob', { job })).status).toBe(404)
    await expect(home.app.files.get(key)).rejects.toThrow()
  })

  it('a row of the list has what the list shows; `details` adds the rest', async () => {
    const here = await createWorld()
    await bookJob(here, { requested: { day: '2027-12-10', time: '10:00' } })
    const rowOf = async (query = {}) => (await here.dispatcher.ok('listJobs', query)).rows[0]!
    const shown = await rowOf()
    expect(Object.keys(shown).sort()).toEqual([
      'address',
      'customer',
      'id',
      'number',
      'requestedAt',
      'status',
      'title',
      'viaPortal',
    ])
    expect(Object.keys(shown.customer)).toEqual(['name'])
    const detailed = await rowOf({ include: 'details' })
    expect(detailed).toMatchObject({ ...shown, version: 1, createdBy: { kind: 'portalUser' } })
    expect(Object.keys(detailed.customer).sort()).toEqual(['id', 'name'])
  })
})

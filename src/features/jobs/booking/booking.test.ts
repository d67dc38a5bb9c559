import { describe, expect, it } from 'vitest'
import { linkIn } from '../../../../test/test-server.ts'
import { bookJob, FIELDS, home, PNG, upload, createWorld } from '../jobs.fixtures.ts'

const { stored, mailTo } = home
const jobsIn = (account: string) =>
  stored((db) => db.selectFrom('jobs').selectAll().where('account_id', '=', account).orderBy('number').execute())
const settings = (account: string, set: object) =>
  stored((db) =>
    db
      .updateTable('portal_settings')
      .set(set as never)
      .where('account_id', '=', account)
      .execute(),
  )

describe('a booking', () => {
  it('V-30 E-69 required answers block it, all at once and each by its field', async () => {
    const here = await createWorld({ fields: [...FIELDS] })
    const reply = await here.eleanor.call('createPortalJob', { template: here.template, quantity: 0.5 })
    expect(reply.body.fields).toMatchObject({ quantity: { code: 'whole' } })
    const second = await here.eleanor.call('createPortalJob', { template: here.template })
    expect(second).toMatchObject({
      status: 422,
      body: { fields: { address: { code: 'required' }, 'fields.wrong': { code: 'required' } } },
    })
    expect(await jobsIn(here.harbour.id)).toEqual([])
  })

  it('PS-36 E-67 values of hidden and read-only fields, and unknown keys, are refused', async () => {
    const here = await createWorld({ fields: [...FIELDS] })
    const base = { template: here.template, site: here.site }
    expect(
      (
        await here.eleanor.call('createPortalJob', {
          ...base,
          fields: { wrong: 'x', margin: '1', contract: 'Yes', nothing: 'x' },
        })
      ).body.fields,
    ).toMatchObject({
      'fields.margin': { code: 'unknown' },
      'fields.contract': { code: 'readOnly' },
      'fields.nothing': { code: 'unknown' },
    })
    expect(
      (
        await here.eleanor.call('createPortalJob', {
          ...base,
          status: 'completed',
          created_by_id: here.dispatcher.id,
          audience: 'internal',
        })
      ).body.fields,
    ).toMatchObject({ status: { code: 'unknown' }, created_by_id: { code: 'unknown' }, audience: { code: 'unknown' } })
  })

  it('V-34 E-42 N jobs are created all or none, with one email that lists N numbers', async () => {
    const here = await createWorld()
    const { jobs } = await here.eleanor.ok('createPortalJob', { template: here.template, site: here.site, quantity: 3 })
    expect(jobs.map((job) => job.number)).toEqual([1001, 1002, 1003])
    const mails = await mailTo(here.eleanor.email)
    expect(mails).toHaveLength(1)
    expect(mails[0]!.subject).toBe('3 requests received: Dishwasher repair')
    expect(mails[0]!.text).toContain('#1001, #1002, #1003')
    for (const [quantity, code] of [
      [21, 'tooBig'],
      [0, 'tooSmall'],
      [-1, 'tooSmall'],
      ['3', 'whole'],
      [1.5, 'whole'],
    ]) {
      const { status, body } = await here.eleanor.call('createPortalJob', {
        template: here.template,
        site: here.site,
        quantity,
      })
      expect([status, body.fields?.quantity?.code]).toEqual([422, code])
    }
    await settings(here.harbour.id, { several_jobs: false })
    expect(
      (await here.eleanor.call('createPortalJob', { template: here.template, site: here.site, quantity: 2 })).body
        .fields,
    ).toHaveProperty('quantity')
    // The last of three cannot be written: none is.
    await settings(here.harbour.id, { several_jobs: true })
    await stored(async (db) => {
      const [one] = await jobsIn(here.harbour.id)
      await db
        .insertInto('jobs')
        .values({ ...one!, id: crypto.randomUUID(), number: 1006, fields: '{}' })
        .execute()
    })
    await here.eleanor.call('createPortalJob', { template: here.template, site: here.site, quantity: 3 })
    expect(await jobsIn(here.harbour.id)).toHaveLength(4)
  })

  it('V-35 E-43 the requested time is separate from the schedule; past and nonexistent times are refused with the zone', async () => {
    const here = await createWorld()
    const base = { template: here.template, site: here.site }
    const job = await bookJob(here, { requested: { day: '2027-07-01', time: '14:00' } })
    expect(await here.eleanor.ok('getPortalJob', { job })).toMatchObject({
      requestedAt: '2027-07-01T13:00:00.000Z',
      scheduledAt: null,
      requested: { day: '2027-07-01', time: '14:00' },
    })
    // Customers do not see a schedule before it is settled, so what was written counts.
    const [row] = await jobsIn(here.harbour.id)
    expect([row!.requested_at?.toISOString(), row!.scheduled_at]).toEqual(['2027-07-01T13:00:00.000Z', null])
    expect(await here.dispatcher.ok('getJob', { job })).toMatchObject({ scheduled: null, scheduledAt: null })
    for (const [requested, code] of [
      [{ day: '2027-03-28', time: '01:30' }, 'timeGap'],
      [{ day: '2020-01-01', time: '09:00' }, 'timePast'],
      [{ day: '2027-02-30', time: '09:00' }, 'format'],
    ] as const) {
      const { fields } = (await here.eleanor.call('createPortalJob', { ...base, requested })).body
      expect(Object.values(fields!)[0]!.code).toBe(code)
      if (code !== 'format') expect(fields!.requested!.text).toContain('London')
    }
    await settings(here.harbour.id, { requested_start: false })
    expect(
      (await here.eleanor.call('createPortalJob', { ...base, requested: { day: '2027-07-01', time: '14:00' } })).body
        .fields,
    ).toMatchObject({ requested: { code: 'unknown' } })
  })

  it('1J the customer and the dispatchers get an email with number, job type and requested time; a business can turn off the confirmation', async () => {
    const here = await createWorld()
    const job = await bookJob(here, { requested: { day: '2027-07-01', time: '14:00' } })
    const [mail] = await mailTo(here.eleanor.email)
    expect(mail!.subject).toBe('Request received: Dishwasher repair #1001')
    expect(mail!.text).toMatch(/Thursday,? 1 July 2027, 14:00/)
    expect(linkIn(mail)).toContain(`/jobs/${job}`)
    expect((await mailTo(here.dispatcher.email)).map((each) => each.subject)).toEqual([
      'New request: Dishwasher repair #1001',
    ])
    expect(await mailTo(here.harbour.owner.email)).toHaveLength(1)
    expect(await mailTo(here.worker.email)).toHaveLength(0)
    await settings(here.harbour.id, { confirm_bookings: false })
    await bookJob(here)
    expect(await mailTo(here.eleanor.email)).toHaveLength(1)
    expect(await mailTo(here.dispatcher.email)).toHaveLength(2)
  })

  it('the same form sent twice books once, also at the same moment', async () => {
    const here = await createWorld()
    const form = { template: here.template, site: here.site, formKey: crypto.randomUUID(), quantity: 2 }
    const replies = await Promise.all(Array.from({ length: 5 }, () => here.eleanor.ok('createPortalJob', form)))
    expect(new Set(replies.map((reply) => JSON.stringify(reply.jobs))).size).toBe(1)
    expect(await jobsIn(here.harbour.id)).toHaveLength(2)
    const key = { headers: { 'idempotency-key': 'k1' } }
    const first = await here.eleanor.ok('createPortalJob', { template: here.template, site: here.site }, key)
    expect(await here.eleanor.ok('createPortalJob', { template: here.template, site: here.site }, key)).toEqual(first)
    // Numbers follow each other: what was repeated or refused has taken none.
    await here.eleanor.ok('createPortalJob', form)
    expect((await here.eleanor.call('createPortalJob', { template: here.template })).status).toBe(422)
    const next = await here.eleanor.ok('createPortalJob', { template: here.template, site: here.site })
    expect(next.jobs[0]!.number).toBe(first.jobs[0]!.number + 1)
  })

  it('PS-57 scripts and braces in every field are kept as text and run nowhere', async () => {
    const here = await createWorld({ fields: [...FIELDS] })
    const evil = '<script>alert(1)</script>{{business}}$t(x)'
    const job = await bookJob(here, { site: undefined, address: evil, fields: { wrong: evil } })
    expect(await here.eleanor.ok('getPortalJob', { job })).toMatchObject({ address: evil })
    await bookJob(here, { fields: { wrong: 'x' } })
    for (const mail of await mailTo(here.eleanor.email)) expect(mail.html).not.toContain('<script>')
    expect((await here.eleanor.ok('listPortalJobs', { search: 'alert(1)' })).rows).toHaveLength(1)
  })
})

describe('files of a form', () => {
  it('are attached to each job of the booking, answers to their questions', async () => {
    const here = await createWorld({ fields: [...FIELDS] })
    const send = async () =>
      (
        await upload(here.eleanor, `/portal/${here.harbour.slug}/files`, {
          name: 'label.png',
          type: 'image/png',
          bytes: PNG,
        })
      ).body.id
    const [loose, photo] = [await send(), await send()]
    const { jobs } = await here.eleanor.ok('createPortalJob', {
      template: here.template,
      site: here.site,
      quantity: 2,
      files: [loose],
      fields: { wrong: 'x', photos: [photo] },
    })
    for (const { id } of jobs) {
      const seen = await here.eleanor.ok('getPortalJob', { job: id })
      expect(seen.files).toHaveLength(2)
      const answer = seen.fields.find((field) => field.id === 'photos')!.value as string[]
      expect(seen.files.find((file) => file.field === 'photos')!.id).toBe(answer[0])
      expect(
        (
          await here.eleanor.request('GET', `/api/v1/portal/${here.harbour.slug}/files/${answer[0]}`, {
            headers: { host: `${here.harbour.slug}.localhost:${home.port}` },
          })
        ).status,
      ).toBe(200)
    }
    // Used once: gone for the next form.
    expect(
      (
        await here.eleanor.call('createPortalJob', {
          template: here.template,
          site: here.site,
          files: [loose],
          fields: { wrong: 'x' },
        })
      ).body.fields,
    ).toMatchObject({ files: { code: 'fileNotFound' } })
  })
})

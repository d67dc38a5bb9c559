import { describe, expect, it } from 'vitest'
import { linkIn } from '../../../../test/test-server.ts'
import { booked, FIELDS, home, PNG, upload, world } from '../jobs.fixtures.ts'

const { business, stored, clock, mailTo } = home
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

describe('what may be booked', () => {
  it('V-33 V-24 PS-18 the form offers only customers and job types of this user, and the questions they may see', async () => {
    const here = await world({ fields: [...FIELDS] })
    await here.harbour.template({ name: 'Not offered', offered: false })
    await here.harbour.customer('Somebody else')
    const offered = await here.eleanor.ok('getBookingOptions', { template: here.template })
    expect(offered).toMatchObject({
      allowed: true,
      templates: [{ id: here.template }],
      customers: [{ id: here.customer, sites: [{ id: here.site }] }],
    })
    expect(offered.fields!.map((field) => [field.id, field.permission])).toEqual([
      ['wrong', 'required'],
      ['model', 'optional'],
      ['contract', 'readOnly'],
      ['photos', 'optional'],
    ])
    expect(JSON.stringify(offered)).not.toMatch(/Margin|Not offered|Somebody/)
  })

  it('V-25 a job type taken away from one user is neither offered nor bookable, by whatever id', async () => {
    const here = await world()
    const other = await here.harbour.template({ name: 'Oven repair' })
    const limited = await here.harbour.portalUser({
      customers: [here.customer],
      templatesMode: 'hide',
      templates: [other],
    })
    expect((await limited.ok('getBookingOptions', {})).templates.map((each) => each.id)).toEqual([here.template])
    expect((await limited.call('getBookingOptions', { template: other })).status).toBe(404)
    for (const template of [other, '0192f0c1-0000-7000-8000-000000000000']) {
      expect((await limited.call('createPortalJob', { template, address: 'Here' })).body.fields).toMatchObject({
        template: { code: 'choice' },
      })
    }
  })

  it('who may not choose among job types books the first one', async () => {
    const here = await world({ permissions: { chooseTemplates: false } })
    const second = await here.harbour.template({ name: 'Oven repair' })
    expect((await here.eleanor.ok('getBookingOptions', {})).templates).toHaveLength(1)
    expect((await here.eleanor.call('createPortalJob', { template: second, site: here.site })).status).toBe(422)
  })

  it('CP-35 who may only look is told so, and books nothing', async () => {
    const here = await world({ permissions: { createJobs: false } })
    expect(await here.eleanor.ok('getBookingOptions', {})).toMatchObject({
      allowed: false,
      why: 'permission',
      templates: [],
    })
    expect(await here.eleanor.ok('listPortalJobs', {})).toMatchObject({ can: { create: false } })
    expect((await here.eleanor.call('createPortalJob', { template: here.template, site: here.site })).body.code).toBe(
      'bookingNotAllowed',
    )
    expect(await jobsIn(here.harbour.id)).toEqual([])
  })
})

describe('a booking', () => {
  it('V-30 E-69 required answers block it, all at once and each by its field', async () => {
    const here = await world({ fields: [...FIELDS] })
    const reply = await here.eleanor.call('createPortalJob', { template: here.template, number: 0.5 })
    expect(reply.body.fields).toMatchObject({ number: { code: 'whole' } })
    const second = await here.eleanor.call('createPortalJob', { template: here.template })
    expect(second).toMatchObject({
      status: 422,
      body: { fields: { address: { code: 'required' }, 'fields.wrong': { code: 'required' } } },
    })
    expect(await jobsIn(here.harbour.id)).toEqual([])
  })

  it('PS-36 E-67 values of hidden and read-only fields, and keys nobody asked for, are refused', async () => {
    const here = await world({ fields: [...FIELDS] })
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

  it('V-34 E-42 N jobs are made all or none, with one mail that lists N numbers', async () => {
    const here = await world()
    const { jobs } = await here.eleanor.ok('createPortalJob', { template: here.template, site: here.site, number: 3 })
    expect(jobs.map((job) => job.number)).toEqual([1001, 1002, 1003])
    const mails = await mailTo(here.eleanor.email)
    expect(mails).toHaveLength(1)
    expect(mails[0]!.subject).toBe('3 requests received: Dishwasher repair')
    expect(mails[0]!.text).toContain('1001, 1002, 1003')
    for (const [number, code] of [
      [21, 'tooBig'],
      [0, 'tooSmall'],
      [-1, 'tooSmall'],
      ['3', 'whole'],
      [1.5, 'whole'],
    ]) {
      const { status, body } = await here.eleanor.call('createPortalJob', {
        template: here.template,
        site: here.site,
        number,
      })
      expect([status, body.fields?.number?.code]).toEqual([422, code])
    }
    await settings(here.harbour.id, { several_jobs: false })
    expect(
      (await here.eleanor.call('createPortalJob', { template: here.template, site: here.site, number: 2 })).body.fields,
    ).toHaveProperty('number')
    // The last of three cannot be written: none is.
    await settings(here.harbour.id, { several_jobs: true })
    await stored(async (db) => {
      const [one] = await jobsIn(here.harbour.id)
      await db
        .insertInto('jobs')
        .values({ ...one!, id: crypto.randomUUID(), number: 1006, fields: '{}' })
        .execute()
    })
    await here.eleanor.call('createPortalJob', { template: here.template, site: here.site, number: 3 })
    expect(await jobsIn(here.harbour.id)).toHaveLength(4)
  })

  it('V-35 E-43 a wish is kept apart from the schedule; past times and times that do not exist are refused with the zone', async () => {
    const here = await world()
    const base = { template: here.template, site: here.site }
    const job = await booked(here, { requested: { day: '2027-07-01', time: '14:00' } })
    expect(await here.eleanor.ok('getPortalJob', { job })).toMatchObject({
      requestedAt: '2027-07-01T13:00:00.000Z',
      scheduledAt: null,
      requested: { day: '2027-07-01', time: '14:00' },
    })
    for (const [requested, code] of [
      [{ day: '2027-03-28', time: '01:30' }, 'timeGap'],
      [{ day: '2020-01-01', time: '09:00' }, 'timePast'],
      [{ day: '2027-02-30', time: '09:00' }, 'format'],
    ] as const) {
      const { fields } = (await here.eleanor.call('createPortalJob', { ...base, requested })).body
      expect(Object.values(fields!)[0]!.code).toBe(code)
      if (code !== 'format') expect(fields!.requested!.text).toContain('Europe/London')
    }
    await settings(here.harbour.id, { requested_start: false })
    expect(
      (await here.eleanor.call('createPortalJob', { ...base, requested: { day: '2027-07-01', time: '14:00' } })).body
        .fields,
    ).toMatchObject({ requested: { code: 'unknown' } })
  })

  it('1J the booker and the dispatchers are told by mail, with number, job type and wish; a business may leave out the confirmation', async () => {
    const here = await world()
    const job = await booked(here, { requested: { day: '2027-07-01', time: '14:00' } })
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
    await booked(here)
    expect(await mailTo(here.eleanor.email)).toHaveLength(1)
    expect(await mailTo(here.dispatcher.email)).toHaveLength(2)
  })

  it('the same form sent twice books once, also at the same moment', async () => {
    const here = await world()
    const form = { template: here.template, site: here.site, formKey: crypto.randomUUID(), number: 2 }
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
    const here = await world({ fields: [...FIELDS] })
    const evil = '<script>alert(1)</script>{{business}}$t(x)'
    const job = await booked(here, { site: undefined, address: evil, fields: { wrong: evil } })
    expect(await here.eleanor.ok('getPortalJob', { job })).toMatchObject({ address: evil })
    await booked(here, { fields: { wrong: 'x' } })
    for (const mail of await mailTo(here.eleanor.email)) expect(mail.html).not.toContain('<script>')
    expect((await here.eleanor.ok('listPortalJobs', { search: 'alert(1)' })).rows).toHaveLength(1)
  })
})

describe('for whom', () => {
  it('E-23 PS-18 a customer is checked against the links of the moment the form is sent', async () => {
    const here = await world()
    const rachel = await here.harbour.customer('Rachel Okoye')
    const both = await here.harbour.portalUser({ customers: [here.customer, rachel] })
    expect(
      (await both.call('createPortalJob', { template: here.template, address: 'Here' })).body.fields,
    ).toMatchObject({ customer: { code: 'required' } })
    expect(
      (await both.call('createPortalJob', { template: here.template, customer: rachel, address: 'Here' })).status,
    ).toBe(201)
    await stored((db) =>
      db.deleteFrom('portal_links').where('portal_user_id', '=', both.id).where('customer_id', '=', rachel).execute(),
    )
    for (const customer of [rachel, crypto.randomUUID()]) {
      expect(
        (await both.call('createPortalJob', { template: here.template, customer, address: 'Here' })).body.fields,
      ).toMatchObject({ customer: { code: 'choice' } })
    }
    // A site of one customer is none of another; who acts for both is told which of the two is wrong.
    const again = await here.harbour.portalUser({ customers: [here.customer, rachel] })
    expect(
      (await again.call('createPortalJob', { template: here.template, customer: rachel, site: here.site })).body.fields,
    ).toMatchObject({ site: { code: 'siteOfOtherCustomer' } })
    expect(
      (
        await here.harbour
          .portalUser({ customers: [rachel] })
          .then((who) => who.call('createPortalJob', { template: here.template, site: here.site }))
      ).body.fields,
    ).toMatchObject({ site: { code: 'choice' } })
  })

  it('V-21 the right to book is asked for the customer, not for the user', async () => {
    const here = await world()
    const rachel = await here.harbour.customer('Rachel Okoye')
    const both = await here.harbour.portalUser({ customers: [here.customer, rachel] })
    await stored((db) =>
      db
        .updateTable('portal_links')
        .set({ permissions: JSON.stringify({ createJobs: false }) })
        .where('portal_user_id', '=', both.id)
        .where('customer_id', '=', rachel)
        .execute(),
    )
    expect((await both.ok('getBookingOptions', {})).customers.map((each) => each.id)).toEqual([here.customer])
    expect(
      (await both.call('createPortalJob', { template: here.template, customer: rachel, address: 'Here' })).body.code,
    ).toBe('bookingNotAllowed')
    expect((await both.call('createPortalJob', { template: here.template, address: 'Here' })).status).toBe(201)
  })

  it('E-24 the first form of an unlinked user, sent three times at once, books once and takes one number', async () => {
    for (let round = 0; round < 5; round++) {
      const harbour = await business()
      const template = await harbour.template()
      const user = await harbour.portalUser()
      const form = { template, address: '3 Wharf Lane', formKey: crypto.randomUUID() }
      const replies = await Promise.all([1, 2, 3].map(() => user.ok('createPortalJob', form)))
      expect(new Set(replies.map((reply) => JSON.stringify(reply.jobs))).size).toBe(1)
      expect((await user.ok('createPortalJob', { template, address: '3 Wharf Lane' })).jobs[0]!.number).toBe(1002)
    }
  })

  it('two job types booked at once by an unlinked user are both booked', async () => {
    const harbour = await business()
    const types = [await harbour.template(), await harbour.template({ name: 'Oven repair' })]
    const user = await harbour.portalUser()
    const replies = await Promise.all(
      [0, 1, 0, 1].map((index) => user.call('createPortalJob', { template: types[index]!, address: '3 Wharf Lane' })),
    )
    expect(replies.map((reply) => reply.status)).toEqual([201, 201, 201, 201])
  })

  it("an archived customer is nobody's to book for", async () => {
    const here = await world()
    await stored((db) =>
      db
        .updateTable('customers')
        .set({ status: 'archived' })
        .where('account_id', '=', here.harbour.id)
        .where('id', '=', here.customer)
        .execute(),
    )
    expect(
      (
        await here.eleanor.call('createPortalJob', {
          template: here.template,
          site: here.site,
          customer: here.customer,
        })
      ).status,
    ).toBe(422)
    expect(await jobsIn(here.harbour.id)).toEqual([])
  })

  it('a refused booking counts like any other: nobody tries without end', async () => {
    const here = await world()
    const replies = []
    for (let index = 0; index < 62; index++)
      replies.push((await here.eleanor.call('createPortalJob', { template: here.template })).status)
    expect(new Set(replies.slice(0, 60))).toEqual(new Set([422]))
    expect(replies.slice(60)).toEqual([429, 429])
  })

  it('V-26 E-24 twenty bookings at once by an unlinked user make one customer from their own details', async () => {
    const harbour = await business()
    const template = await harbour.template()
    // Somebody with the same address is a customer already: never joined by itself.
    const same = await harbour.customer('Nadia Ferrari')
    const nadia = await harbour.portalUser({ name: 'Nadia Ferrari', email: 'nadia@post.example' })
    await stored((db) =>
      db
        .insertInto('contacts')
        .values({
          account_id: harbour.id,
          id: crypto.randomUUID(),
          customer_id: same,
          name: 'Nadia',
          email: nadia.email,
          email_norm: nadia.email,
          created_at: clock.now(),
          updated_at: clock.now(),
        })
        .execute(),
    )
    expect(await nadia.ok('getBookingOptions', {})).toMatchObject({ allowed: true, makesCustomer: true, customers: [] })
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => nadia.call('createPortalJob', { template, address: '5 Wapping Road' })),
    )
    expect(replies.map((reply) => reply.status)).toEqual(Array(20).fill(201))
    const customers = await stored((db) =>
      db.selectFrom('customers').selectAll().where('account_id', '=', harbour.id).where('id', '<>', same).execute(),
    )
    expect(customers).toMatchObject([
      { name: 'Nadia Ferrari', billing_email: nadia.email, created_for_user_id: nadia.id },
    ])
    expect(new Set((await jobsIn(harbour.id)).map((job) => job.customer_id))).toEqual(new Set([customers[0]!.id]))
    expect(
      await stored((db) => db.selectFrom('portal_links').selectAll().where('portal_user_id', '=', nadia.id).execute()),
    ).toHaveLength(1)
    expect((await nadia.ok('listPortalJobs', {})).rows).toHaveLength(20)
    const job = (await harbour.owner.ok('listJobs', {})).rows[0]!.id
    expect((await harbour.owner.ok('getJob', { job })).customer.possibleDuplicates).toEqual([
      { id: same, name: 'Nadia Ferrari' },
    ])
  })

  it('E-25 V-27 after the last link is gone a booking makes a new customer, or none where the account does not want that; the old one stays out of reach', async () => {
    const harbour = await business()
    const template = await harbour.template()
    const nadia = await harbour.portalUser({ name: 'Nadia Ferrari' })
    const {
      jobs: [first],
    } = await nadia.ok('createPortalJob', { template, address: '5 Wapping Road' })
    await stored((db) => db.deleteFrom('portal_links').where('portal_user_id', '=', nadia.id).execute())
    expect((await nadia.call('getPortalJob', { job: first!.id })).status).toBe(404)
    const {
      jobs: [second],
    } = await nadia.ok('createPortalJob', { template, address: '5 Wapping Road' })
    expect((await nadia.ok('listPortalJobs', {})).rows.map((row) => row.id)).toEqual([second!.id])
    await stored((db) => db.deleteFrom('portal_links').where('portal_user_id', '=', nadia.id).execute())
    await settings(harbour.id, { create_customers: false })
    expect(await nadia.ok('getBookingOptions', {})).toMatchObject({ allowed: false, why: 'noCustomer' })
    expect((await nadia.call('createPortalJob', { template, address: 'x' })).body.code).toBe('noCustomer')
    // A private portal makes none unless told to.
    await settings(harbour.id, { create_customers: null, public: false })
    expect((await nadia.call('createPortalJob', { template, address: 'x' })).body.code).toBe('noCustomer')
  })

  it('E-11 a form sent after the user was removed asks to sign in and stores nothing', async () => {
    const here = await world()
    await stored((db) =>
      db.updateTable('portal_users').set({ status: 'removed' }).where('id', '=', here.eleanor.id).execute(),
    )
    expect((await here.eleanor.call('createPortalJob', { template: here.template, site: here.site })).body.code).toBe(
      'notSignedIn',
    )
    expect(await jobsIn(here.harbour.id)).toEqual([])
  })

  it('CP-31 removing the user changes no job, and who made it stays said', async () => {
    const here = await world()
    const job = await booked(here)
    await stored(async (db) => {
      await db.updateTable('portal_users').set({ status: 'removed' }).where('id', '=', here.eleanor.id).execute()
      await db.deleteFrom('portal_links').where('portal_user_id', '=', here.eleanor.id).execute()
    })
    expect(await here.dispatcher.ok('getJob', { job })).toMatchObject({
      status: 'unassigned',
      createdBy: { kind: 'portalUser', id: here.eleanor.id, name: 'Eleanor Finch' },
    })
  })
})

describe('files of a form', () => {
  it('are attached to each job of the booking, answers to their questions', async () => {
    const here = await world({ fields: [...FIELDS] })
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
      number: 2,
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

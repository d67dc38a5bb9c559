import { describe, expect, it } from 'vitest'
import { bookJob, home, createWorld, moveJob } from '../../jobs.fixtures.ts'

const { business, stored, clock } = home
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

describe('for whom', () => {
  it('E-23 PS-18 a customer is checked against the links of the moment the form is sent', async () => {
    const here = await createWorld()
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

  it('the addresses that a self-registered user has typed are offered at their next booking, each once', async () => {
    const { harbour, template, customer, eleanor } = await createWorld()
    await settings(harbour.id, { public: true, create_customers: true })
    const user = await harbour.portalUser()
    const typed = ['14 Quay Street', '2 Mill Lane', '14 quay street']
    for (const address of typed) await user.ok('createPortalJob', { template, address })
    const offered = async (who: typeof user) =>
      (await who.ok('getBookingOptions', {})).customers.map(({ sites }) => sites.map(({ address }) => address))
    expect(await offered(user)).toEqual([['14 Quay Street', '2 Mill Lane']])
    const { rows } = await harbour.owner.ok('listCustomers', { search: 'mill lane' })
    expect(rows.map(({ name }) => name)).toEqual(['Eleanor Finch'])
    // The list of a customer that staff keep is theirs.
    const before = await offered(eleanor)
    await eleanor.ok('createPortalJob', { template, customer, address: '9 Elsewhere' })
    expect(await offered(eleanor)).toEqual(before)
  })

  it('V-21 the right to book is asked for the customer, not for the user', async () => {
    const here = await createWorld()
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
    const here = await createWorld()
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
      ).body.code,
    ).toBe('noCustomer')
    expect(await jobsIn(here.harbour.id)).toEqual([])
  })

  it('a refused booking counts toward the limit', async () => {
    const here = await createWorld()
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
    expect(await nadia.ok('getBookingOptions', {})).toMatchObject({
      allowed: true,
      createsCustomer: true,
      customers: [],
    })
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

  it('V-26 the customer that a booking makes has a contact and a site from what the user gave', async () => {
    const harbour = await business()
    const template = await harbour.template()
    const nadia = await harbour.portalUser({ name: 'Nadia Ferrari' })
    const { version } = await nadia.ok('getPortalProfile')
    await nadia.ok('updatePortalProfile', { version, name: 'Nadia Ferrari', phone: '0117 496 0003' })
    const { jobs } = await nadia.ok('createPortalJob', { template, address: '5 Wapping Road' })
    const { customer } = await harbour.owner.ok('getJob', { job: jobs[0]!.id })
    expect(await harbour.owner.ok('getCustomer', { customer: customer.id })).toMatchObject({
      name: 'Nadia Ferrari',
      contacts: [{ name: 'Nadia Ferrari', email: nadia.email, phone: '0117 496 0003', isPrimary: true }],
      sites: [{ address: '5 Wapping Road', status: 'active' }],
    })
  })

  it('E-25 V-27 after the last link is removed, a booking creates a new customer or is refused, by the account setting; the old customer stays out of reach', async () => {
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
    expect(await nadia.ok('getBookingOptions', {})).toMatchObject({ allowed: false, blockedReason: 'noCustomer' })
    expect((await nadia.call('createPortalJob', { template, address: 'x' })).body.code).toBe('noCustomer')
  })

  it('E-11 a form sent after the user was removed asks to sign in and stores nothing', async () => {
    const here = await createWorld()
    const form = { template: here.template, site: here.site }
    expect((await here.eleanor.ok('getBookingOptions', { template: here.template })).allowed).toBe(true)
    await here.harbour.owner.ok('removePortalUser', { user: here.eleanor.id })
    expect(await here.eleanor.call('createPortalJob', form)).toMatchObject({
      status: 401,
      body: { code: 'notSignedIn' },
    })
    expect(await jobsIn(here.harbour.id)).toEqual([])
  })

  it('CP-31 removing the user changes no job, and the job keeps its creator', async () => {
    const here = await createWorld()
    const open = await bookJob(here)
    const assigned = await bookJob(here)
    await moveJob(here.dispatcher, assigned, { to: 'assigned', worker: here.worker.id })
    const before = await jobsIn(here.harbour.id)
    expect(before.map(({ status }) => status)).toEqual(['unassigned', 'assigned'])
    await here.harbour.owner.ok('removePortalUser', { user: here.eleanor.id })
    expect((await here.eleanor.call('listPortalJobs')).status).toBe(401)
    expect(await jobsIn(here.harbour.id)).toEqual(before)
    for (const job of [open, assigned])
      expect(await here.dispatcher.ok('getJob', { job })).toMatchObject({
        createdBy: { kind: 'portalUser', id: here.eleanor.id, name: 'Eleanor Finch' },
      })
  })
})

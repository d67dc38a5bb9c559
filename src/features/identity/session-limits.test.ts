import pg from 'pg'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { PASSWORD, startTestServer, type Business, type Person, type TestServer } from '../../../test/test-server.ts'

const NEW_PASSWORD = 'seven quiet lanterns'
let server: TestServer, shop: Business
beforeAll(async () => {
  server = await startTestServer()
  shop = await server.business()
})

const copyOf = (person: Person, copy: Person): Person => {
  for (const [name, value] of person.cookies) copy.cookies.set(name, value)
  return copy
}

/** Signs in that often, a minute apart; the sessions in that order. */
async function signInTimes(count: number, signIn: () => Promise<Person>): Promise<Person[]> {
  const people: Person[] = []
  for (let n = 0; n < count; n++) {
    people.push(await signIn())
    server.clock.advance(60_000)
  }
  return people
}

describe('a portal user', () => {
  it('has at most 20 sessions, and a new one ends the one used longest ago', async () => {
    const user = await shop.portalUser({ signedIn: false })
    const other = await shop.portalUser()
    const isIn = async (person: Person) => (await person.call('getCurrentPortalUser')).status === 200
    const people = await signInTimes(21, async () => {
      const visitor = shop.visitor()
      await visitor.ok('signInToPortal', { email: user.email, password: PASSWORD })
      return visitor
    })
    expect(await isIn(people[0]!)).toBe(false)
    expect(await isIn(people[1]!)).toBe(true)
    server.clock.advance(60_000)
    await shop.visitor().ok('signInToPortal', { email: user.email, password: PASSWORD })
    // The second was used last of all, so the third ends.
    expect([await isIn(people[1]!), await isIn(people[2]!), await isIn(people[3]!)]).toEqual([true, false, true])
    expect((await people[1]!.ok('listPortalSessions')).rows).toHaveLength(20)
    expect(await isIn(other)).toBe(true)
  })

  it('goes on under a new session after changing the password; the earlier token is worth nothing', async () => {
    const user = await shop.portalUser()
    const copied = copyOf(user, shop.visitor())
    const [before] = (await user.ok('listPortalSessions')).rows
    await user.ok('changePortalPassword', { current: PASSWORD, password: NEW_PASSWORD })
    const sessions = (await user.ok('listPortalSessions')).rows
    expect(sessions).toHaveLength(1)
    expect([sessions[0]!.current, sessions[0]!.id === before!.id]).toEqual([true, false])
    expect((await copied.call('getCurrentPortalUser')).status).toBe(401)
  })
})

describe('a person', () => {
  it('has at most 20 sessions, and a new one ends the one used longest ago', async () => {
    const { email } = await shop.staff('worker')
    const isIn = async (person: Person) => (await person.call('getCurrentUser')).status === 200
    const people = await signInTimes(21, async () => {
      const person = server.anyone()
      await person.ok('signIn', { email, password: PASSWORD })
      return person
    })
    expect([await isIn(people[0]!), await isIn(people[1]!)]).toEqual([false, true])
    expect((await people[20]!.ok('listSessions')).sessions).toHaveLength(20)
  })

  it('goes on under a new session after changing the password; the earlier token is worth nothing', async () => {
    const worker = await shop.staff('worker')
    const copied = copyOf(worker, server.anyone())
    const elsewhere = server.anyone()
    await elsewhere.ok('signIn', { email: worker.email, password: PASSWORD })
    const before = (await worker.ok('listSessions')).sessions.find((session) => session.current)!
    expect(await worker.ok('changePassword', { currentPassword: PASSWORD, password: NEW_PASSWORD })).toEqual({
      ended: 1,
    })
    const { sessions } = await worker.ok('listSessions')
    expect(sessions.map(({ id, current }) => [current, id === before.id])).toEqual([[true, false]])
    for (const person of [copied, elsewhere]) expect((await person.call('getCurrentUser')).status).toBe(401)
  })
})

describe('a portal user whose only customer is archived', () => {
  it('is not a new customer: they cannot book, and nothing is created', async () => {
    const template = await shop.template()
    const customer = await shop.customer('Lockside Hotel')
    const user = await shop.portalUser({ customers: [customer] })
    await server.stored((db) =>
      db.updateTable('customers').set({ status: 'archived' }).where('id', '=', customer).execute(),
    )
    const customers = async () =>
      (await server.stored((db) => db.selectFrom('customers').select('id').where('account_id', '=', shop.id).execute()))
        .length
    const before = await customers()
    expect(await user.ok('getBookingOptions', {})).toMatchObject({
      allowed: false,
      blockedReason: 'noCustomer',
      createsCustomer: false,
    })
    expect((await user.ok('getCurrentPortalUser')).can.createJobs).toBe(false)
    expect((await user.call('createPortalJob', { template, address: '14 Pelican Quay' })).body.code).toBe('noCustomer')
    expect(await customers()).toBe(before)
    // With another, active customer they book for that one.
    const active = await shop.customer('Quay House')
    await shop.staff('owner').then((owner) => owner.ok('linkCustomer', { user: user.id, customer: active }))
    const { jobs } = await user.ok('createPortalJob', { template, address: '14 Pelican Quay' })
    const booked = await server.stored((db) =>
      db.selectFrom('jobs').select('customer_id').where('id', '=', jobs[0]!.id).executeTakeFirstOrThrow(),
    )
    expect([booked.customer_id, await customers()]).toEqual([active, before + 1])
    // Also when a customer is archived between the look-up of the caller and the booking.
    const context = { account: shop.id, actor_kind: 'portalUser', actor_id: user.id }
    const client = new pg.Client({ ...inject('world').admin, database: server.database })
    await client.connect()
    await client.query('begin')
    await client.query('set local role portico_app')
    await client.query('select app_begin($1)', [JSON.stringify(context)])
    const begun = await client.query<{ booking: { links: { customer: string }[] } }>(
      'select begin_booking() as booking',
    )
    await client.end()
    expect(begun.rows[0]!.booking.links.map((link) => link.customer)).toEqual([active])
  })
})

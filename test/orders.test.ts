/** What comes first: lists that people read from the top. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestServer, type Business, type TestServer } from './test-server.ts'

let server: TestServer, shop: Business
beforeAll(async () => {
  server = await startTestServer()
})
beforeEach(async () => {
  server.clock.set(new Date('2027-01-13T12:00:00Z'))
  shop = await server.business({ timeZone: 'UTC' })
})

/** Stores starts and statuses that no form can produce at once. */
const set = (job: string, values: { status?: string; scheduled_at?: Date }) =>
  server.stored((db) =>
    db.updateTable('jobs').set(values).where('account_id', '=', shop.id).where('id', '=', job).execute(),
  )

describe('the office', () => {
  it('sees the requests that have waited longest first', async () => {
    const [customer, template] = [await shop.customer(), await shop.template()]
    for (const title of ['First', 'Second', 'Third']) {
      await shop.owner.ok('createJob', { customer, template, title })
      server.clock.advance(60_000)
    }
    const { requested } = await shop.owner.ok('getOfficeHome')
    expect(requested.map(({ title }) => title)).toEqual(['First', 'Second', 'Third'])
  })

  it('sees owners first, each role by name, and deactivated people last', async () => {
    const zoe = await shop.staff('admin', 'Zoe Admin')
    await shop.staff('worker', 'Adam Worker')
    await shop.staff('dispatcher', 'Bea Dispatcher')
    await shop.staff('admin', 'Carl Admin')
    await shop.owner.ok('deactivateStaff', { member: zoe.id })
    const { members } = await shop.owner.ok('listStaff')
    expect(members.slice(1).map(({ name }) => name)).toEqual([
      'Carl Admin',
      'Bea Dispatcher',
      'Adam Worker',
      'Zoe Admin',
    ])
    expect(members[0]!.role).toBe('owner')
  })

  it('sees the primary contact of a customer first, then the others by name', async () => {
    const { id: customer } = await shop.owner.ok('createCustomer', { name: 'Dockside', contact: { name: 'Naveed' } })
    for (const name of ['Zoe', 'ana']) await shop.owner.ok('addContact', { customer, name })
    const { contacts } = await shop.owner.ok('getCustomer', { customer })
    expect(contacts.map(({ name }) => name)).toEqual(['Naveed', 'ana', 'Zoe'])
  })
})

describe('a portal user', () => {
  it('sees the next visit of all customers, which are ordered by name', async () => {
    const [zeta, alpha, template] = [await shop.customer('Zeta'), await shop.customer('Alpha'), await shop.template()]
    const user = await shop.portalUser({ customers: [zeta, alpha] })
    const create = async (customer: string, title: string, status: string, hours: number) => {
      const { id } = await shop.owner.ok('createJob', { customer, template, title, worker: shop.owner.id })
      await set(id, { status, scheduled_at: new Date(server.clock.now().getTime() + hours * 3600_000) })
    }
    await create(zeta, 'Not accepted by the worker', 'pending', 1)
    await create(zeta, 'Over', 'completed', 2)
    await create(alpha, 'Later', 'assigned', 4)
    await create(zeta, 'Next', 'assigned', 3)
    const { upcoming, customers } = await user.ok('getPortalJobsOverview')
    expect(upcoming?.title).toBe('Next')
    expect(customers.map(({ name }) => name)).toEqual(['Alpha', 'Zeta'])
  })
})

/** Whose portal views are, and when they end. */
import { describe, expect, it } from 'vitest'
import { send, type Business, type Person } from '../../../test/test-server.ts'
import { createTicketWorld, home } from '../tickets/tickets.fixtures.ts'
import { MINUTE, startView, viewOf } from './portal-views.fixtures.ts'

interface World {
  shop: Business
  dispatcher: Person
  view: string
}

const setMember = async (shop: Business, { id }: Person, change: { role?: 'worker'; status?: string }) => {
  await home.stored((db) =>
    db.updateTable('staff_members').set(change).where('account_id', '=', shop.id).where('id', '=', id).execute(),
  )
}

describe('who views, and for how long', () => {
  it('RS-17 ends 60 minutes after the last click, also while the office is used, and after 8 hours', async () => {
    const { shop, dispatcher, customer } = await createTicketWorld()
    const view = await startView(shop, dispatcher, 'customer', customer)
    const status = async () => (await view.call('listPortalTickets')).status
    for (let hour = 0; hour < 3; hour++) {
      home.clock.advance(59 * MINUTE)
      expect(await status()).toBe(200)
    }
    home.clock.advance(40 * MINUTE)
    await dispatcher.ok('getOffice')
    home.clock.advance(21 * MINUTE)
    expect([await status(), (await dispatcher.call('getPortalView', { view: view.id })).status]).toEqual([410, 410])
    const long = await startView(shop, dispatcher, 'customer', customer)
    for (let minutes = 0; minutes < 8 * 60; minutes += 40) {
      expect((await long.call('listPortalTickets')).status).toBe(200)
      home.clock.advance(40 * MINUTE)
    }
    expect((await long.call('listPortalTickets')).status).toBe(410)
  })

  it('RS-18 RS-19 one click leads from one customer to the next, also to one of another account; the first view ends', async () => {
    const { shop, dispatcher, customer } = await createTicketWorld()
    const a = await startView(shop, dispatcher, 'customer', customer)
    const b = await startView(shop, dispatcher, 'customer', await shop.customer('Somebody Else'))
    expect([(await a.call('getPortal')).status, (await b.call('getPortal')).status]).toEqual([410, 200])
    const other = await home.business()
    await home.stored(async (db) => {
      const { person_id, email } = await db
        .selectFrom('staff_members')
        .select(['person_id', 'email'])
        .where('id', '=', dispatcher.id)
        .executeTakeFirstOrThrow()
      await db
        .updateTable('staff_members')
        .set({ person_id, email })
        .where('account_id', '=', other.id)
        .where('role', '=', 'owner')
        .execute()
    })
    const c = await startView(other, dispatcher, 'customer', await other.customer())
    expect([(await b.call('getPortal')).status, (await c.call('getPortal')).status]).toEqual([410, 200])
  })

  it('a view belongs to one session of one member of staff, at one account', async () => {
    const { shop, dispatcher, customer, naveed } = await createTicketWorld()
    const view = await startView(shop, dispatcher, 'customer', customer)
    const colleague = await shop.staff('dispatcher', 'Somebody Else')
    const other = await home.business()
    for (const stranger of [colleague, shop.owner, other.owner])
      expect((await view.call('getPortal', {}, stranger)).status).toBe(404)
    for (const nobody of [naveed, shop.visitor()]) expect((await view.call('getPortal', {}, nobody)).status).toBe(401)
    expect((await viewOf(other, dispatcher, view.id).call('getPortal')).status).toBe(404)
    expect((await colleague.call('getPortalView', { view: view.id })).status).toBe(404)
    expect((await colleague.call('endPortalView', { view: view.id })).status).toBe(404)
    expect((await view.call('getPortal')).status).toBe(200)
  })

  it('workers view nobody; office staff view nobody of another account', async () => {
    const { dispatcher, worker, customer, contacts, naveed } = await createTicketWorld()
    const ids = { customer, contact: contacts.ana, portalUser: naveed.id }
    const other = await home.business()
    for (const kind of ['customer', 'contact', 'portalUser'] as const) {
      const input = { kind, id: ids[kind] }
      expect((await worker.call('startPortalView', input)).body).toMatchObject({ code: 'officeOnly' })
      expect((await other.owner.call('startPortalView', input)).status).toBe(404)
      expect((await dispatcher.call('startPortalView', input)).status).toBe(201)
    }
  })

  it.each([
    ['signing out', async ({ dispatcher }: World) => void (await dispatcher.ok('signOut')), 401],
    ['becoming a worker', ({ shop, dispatcher }: World) => setMember(shop, dispatcher, { role: 'worker' }), 404],
    ['being deactivated', ({ shop, dispatcher }: World) => setMember(shop, dispatcher, { status: 'deactivated' }), 404],
    [
      'leaving the view',
      async ({ dispatcher, view }: World) => void (await dispatcher.ok('endPortalView', { view })),
      410,
    ],
  ])('RS-17 ends with the next request after %s', async (_what, end, status) => {
    const { shop, dispatcher, customer } = await createTicketWorld()
    const cookies = new Map(dispatcher.cookies)
    const view = await startView(shop, dispatcher, 'customer', customer)
    expect((await view.call('listPortalTickets')).status).toBe(200)
    await end({ shop, dispatcher, view: view.id })
    for (const [name, value] of cookies) dispatcher.cookies.set(name, value)
    expect((await view.call('listPortalTickets')).status).toBe(status)
    expect((await view.call('closePortalTicket', { ticket: crypto.randomUUID() })).status).toBe(status)
  })

  it("an address of a view on the portal's own host shows nothing, whoever is signed in there", async () => {
    const { shop, dispatcher, customer, naveed } = await createTicketWorld()
    const view = await startView(shop, dispatcher, 'customer', customer)
    const path = `/api/v1/office/${shop.slug}/as/${view.id}/tickets`
    for (const { cookies } of [dispatcher, naveed]) {
      const host = `${shop.slug}.localhost:${home.port}`
      expect((await send({ port: home.port, host, method: 'GET', path, cookies })).status).toBe(401)
    }
  })
})

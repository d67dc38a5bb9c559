/** Emails about tickets reach who row-level security lets open the ticket. */
import { describe, expect, it } from 'vitest'
import { addTicket, createTicketWorld, home } from '../tickets.fixtures.ts'
import { listPortalReaders, listStaffReaders } from './queries.ts'

describe('who hears of a ticket', () => {
  it('D5 5C-2 is who can open it, whatever happened to links, users, groups, people of the ticket and the portal', async () => {
    const world = await createTicketWorld()
    const { shop, customer, contacts, naveed, ana, ben, dispatcher, worker } = world
    const ticket = await addTicket(world, { contact: contacts.ana, participants: [contacts.ben] })
    const portalUsers = [naveed, ana, ben, await shop.portalUser({ customers: [await shop.customer('Mia Lund')] })]
    const staff = [shop.owner, dispatcher, worker]
    const { rows: builtIn } = await shop.owner.ok('listPermissionGroups')
    const groups = Object.fromEntries(builtIn.map(({ kind, id }) => [kind, id]))
    const off = JSON.stringify({ viewTickets: false })
    const set = (table: string, values: object, id: string, column = 'id') =>
      home.stored((db) =>
        db
          .updateTable(table as 'tickets')
          .set(values)
          .where(column as 'id', '=', id)
          .execute(),
      )
    const steps: (() => Promise<unknown>)[] = [
      async () => {},
      () => set('tickets', { participants: [] }, ticket),
      () => set('tickets', { contact_id: contacts.ben }, ticket),
      () => set('tickets', { contact_id: null }, ticket),
      () => set('tickets', { participants: [contacts.ana] }, ticket),
      () => set('portal_links', { group_id: groups.none }, naveed.id, 'portal_user_id'),
      () => set('portal_links', { group_id: groups.full }, naveed.id, 'portal_user_id'),
      () => set('portal_users', { status: 'suspended' }, ana.id),
      () => set('portal_users', { status: 'active', permissions: off }, ana.id),
      () => set('portal_users', { permissions: null }, ana.id),
      () => set('portal_links', { permissions: off }, naveed.id, 'portal_user_id'),
      () => set('portal_links', { contact_id: null }, ana.id, 'portal_user_id'),
      () => set('portal_links', { scope: 'whole' }, ben.id, 'portal_user_id'),
      () => set('tickets', { assignee_id: worker.id }, ticket),
      () => set('customers', { status: 'archived' }, customer),
      () => set('customers', { status: 'active' }, customer),
      () => set('portal_settings', { enabled: false }, shop.id, 'account_id'),
    ]
    const heard = new Set<string>()
    for (const [index, step] of steps.entries()) {
      await step()
      const [readers, staffReaders] = await home.stored(async (db) => [
        (await listPortalReaders(db, shop.id, ticket)).map(({ id }) => id),
        (await listStaffReaders(db, shop.id, ticket)).map(({ id }) => id),
      ])
      const opening = portalUsers.map(async (each) =>
        (await each.call('getPortalTicket', { ticket })).status === 200 ? each.id : '',
      )
      const openers = (await Promise.all(opening)).filter(Boolean)
      expect({ index, ids: readers.sort() }).toEqual({ index, ids: openers.sort() })
      for (const each of staff.filter(({ id }) => staffReaders.includes(id)))
        expect((await each.call('getTicket', { ticket })).status, `step ${index}`).toBe(200)
      for (const id of [...readers, ...staffReaders]) heard.add(id)
    }
    expect(heard.size).toBe(6)
  })
})

/** What customers narrow, export and change of their tickets. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { send, type Person } from '../../../../test/test-server.ts'
import { addTicket, createTicketWorld, home, type TicketWorld } from '../tickets.fixtures.ts'

/** Naveed acts for the whole customer, and is a contact of it. */
async function makeContact({ shop, naveed, contacts }: TicketWorld): Promise<void> {
  await home.stored((db) =>
    db
      .updateTable('portal_links')
      .set({ contact_id: contacts.ana })
      .where('account_id', '=', shop.id)
      .where('portal_user_id', '=', naveed.id)
      .execute(),
  )
}
const idsOf = async (person: Person, input: object = {}) =>
  (await person.ok('listPortalTickets', input)).rows.map(({ id }) => id).sort()
const allow = async ({ shop }: TicketWorld, name: string, isAllowed: boolean) => {
  const { version, switches } = await shop.owner.ok('getPortalSettings')
  await shop.owner.ok('updatePortalSettings', { version, switches: { ...switches, [name]: isAllowed } })
}
const exportOf = ({ shop }: TicketWorld, person: Person, query = '') =>
  send({
    port: home.port,
    host: `${shop.slug}.localhost:${home.port}`,
    method: 'GET',
    path: `/api/v1/portal/${shop.slug}/tickets.csv${query}`,
    cookies: person.cookies,
  })

describe('customers and their tickets', () => {
  it('T-31 who sees the whole customer and is a contact narrows the list to their own; others cannot widen it', async () => {
    const world = await createTicketWorld()
    const { naveed, ana, contacts } = world
    const own = await addTicket(world, { contact: contacts.ana })
    const taken = await addTicket(world, { contact: contacts.ben, participants: [contacts.ana] })
    const others = [await addTicket(world, { contact: contacts.ben }), await addTicket(world)]
    expect((await naveed.ok('listPortalTickets')).can.onlyMine).toBe(false)
    expect(await idsOf(naveed, { only: 'mine' })).toEqual([])
    await makeContact(world)
    expect((await naveed.ok('listPortalTickets')).can.onlyMine).toBe(true)
    expect(await idsOf(naveed)).toEqual([own, taken, ...others].sort())
    expect(await idsOf(naveed, { only: 'mine' })).toEqual([own, taken].sort())
    expect(await naveed.ok('countPortalTickets', { only: 'mine' })).toEqual({ all: 2, open: 2, closed: 0 })
    const first = await naveed.ok('listPortalTickets', { only: 'mine', limit: 1 })
    const second = await naveed.ok('listPortalTickets', { only: 'mine', limit: 1, cursor: first.next! })
    expect([...first.rows, ...second.rows].map(({ id }) => id).sort()).toEqual([own, taken].sort())
    expect(second.next).toBeNull()
    expect((await ana.ok('listPortalTickets')).can.onlyMine).toBe(false)
    expect(await idsOf(ana)).toEqual(await idsOf(ana, { only: 'mine' }))
  })

  it('T-39 the exported list is the list, with its search and filters, and nothing internal', async () => {
    const world = await createTicketWorld()
    const { naveed, ana, contacts, dispatcher } = world
    await addTicket(world, { subject: '=cmd()', contact: contacts.ana, tags: ['badpayer'], priority: 'urgent' })
    const waiting = await addTicket(world, { subject: 'Boiler' })
    await dispatcher.ok('changeTicketStatus', { ticket: waiting, version: 1, to: 'waiting' })
    const whole = await exportOf(world, naveed)
    expect(whole.headers['content-disposition']).toContain('tickets.csv')
    const lines = whole.text.trim().split('\r\n')
    expect(lines[0]).toContain('"No.","Subject","Customer","Contact","Status","Priority","Created","Last updated"')
    expect(lines).toHaveLength(3)
    expect(whole.text).toContain('"Dockside Lettings","Ana Ruiz","New","Urgent"')
    expect(whole.text).not.toMatch(/badpayer|"=cmd/)
    expect((await exportOf(world, naveed, '?search=boiler')).text.trim().split('\r\n')).toHaveLength(2)
    expect((await exportOf(world, naveed, '?group=closed')).text.trim().split('\r\n')).toHaveLength(1)
    expect((await exportOf(world, ana)).text).not.toContain('Boiler')
    const shown = JSON.parse(readFileSync('locales/en/tickets.json', 'utf8')).portal as Record<
      'statuses' | 'priorities',
      Record<string, string>
    >
    expect(whole.text).toContain(`"${shown.statuses.waiting}"`)
    await allow(world, 'viewTickets', false)
    expect((await exportOf(world, naveed)).status).toBe(404)
  })

  it('T-33 the priority is changed with the permission, and a closed ticket refuses it', async () => {
    const world = await createTicketWorld()
    const { ana, contacts, dispatcher } = world
    const ticket = await addTicket(world, { contact: contacts.ana })
    const change = (version: number) => ana.call('updatePortalTicket', { ticket, version, priority: 'urgent' })
    expect((await ana.ok('getPortalTicket', { ticket })).can).toMatchObject({
      setPriority: true,
      addParticipants: false,
    })
    expect(await change(1)).toMatchObject({ status: 200, body: { version: 2 } })
    const { priority, history } = await dispatcher.ok('getTicket', { ticket })
    expect(priority).toBe('urgent')
    expect(history.at(-1)).toMatchObject({
      event: 'edited',
      details: { fields: ['priority'] },
      by: { name: 'Ana Ruiz' },
    })
    expect(await change(1)).toMatchObject({ status: 409, body: { code: 'ticketChanged' } })
    await allow(world, 'setTicketPriority', false)
    expect(await change(2)).toMatchObject({ status: 403, body: { code: 'ticketPriorityNotAllowed' } })
    expect((await ana.ok('getPortalTicket', { ticket })).can.setPriority).toBe(false)
    await allow(world, 'setTicketPriority', true)
    await ana.ok('closePortalTicket', { ticket })
    expect(await change(3)).toMatchObject({ status: 409, body: { code: 'ticketClosed' } })
  })

  it('RS-08 who acts for the whole customer adds its contacts, who see the ticket from then on; a contact adds nobody', async () => {
    const world = await createTicketWorld()
    const { naveed, ana, ben, contacts, shop } = world
    const ticket = await addTicket(world, { contact: contacts.ana })
    await ana.ok('addPortalTicketComment', { ticket, body: 'It hums.' })
    const add = (person: Person, contact: string) =>
      person.call('updatePortalTicket', { ticket, version: 1, addParticipants: [contact] })
    expect(await add(ana, contacts.ben)).toMatchObject({ status: 403, body: { code: 'addingParticipantsNotAllowed' } })
    const other = await shop.customer('Somebody else')
    const { id: foreign } = await shop.owner.ok('addContact', { customer: other, name: 'Cleo' })
    expect(await add(naveed, foreign)).toMatchObject({
      status: 422,
      body: { fields: { participants: { code: 'choice' } } },
    })
    expect((await ben.call('getPortalTicket', { ticket })).status).toBe(404)
    expect((await add(naveed, contacts.ben)).status).toBe(200)
    expect((await ben.ok('getPortalTicket', { ticket })).comments).toHaveLength(1)
    const { customers } = await naveed.ok('getPortalTicketOptions', { ticket })
    expect(customers.map(({ contacts: known }) => known.map(({ name }) => name).sort())).toEqual([
      ['Ana Ruiz', 'Ben Okoye'],
    ])
    expect((await ana.ok('getPortalTicketOptions', { ticket })).customers[0]?.contacts).toEqual([])
    expect((await naveed.call('getPortalTicketOptions', { ticket: crypto.randomUUID() })).status).toBe(404)
    await allow(world, 'replyTickets', false)
    expect(
      await naveed.call('updatePortalTicket', { ticket, version: 2, addParticipants: [contacts.ben] }),
    ).toMatchObject({ status: 403, body: { code: 'addingParticipantsNotAllowed' } })
  })
})

/** Contacts that are archived, moved or merged: what becomes of their tickets and portal users. */
import { beforeEach, describe, expect, it } from 'vitest'
import { PASSWORD, type Person } from '../../../../test/test-server.ts'
import { addTicket, createTicketWorld, ticketIds, type TicketWorld } from '../../tickets/tickets.fixtures.ts'

let world: TicketWorld

beforeEach(async () => {
  world = await createTicketWorld()
})

const act = (name: 'archiveContact' | 'restoreContact' | 'moveContact' | 'mergeContact', more: object = {}) =>
  world.shop.owner.call(name, { customer: world.customer, contact: world.contacts.ana, ...more })
const confirmed = { portalUsers: 'suspend' } as const
const statusOf = async (user: Person) => (await world.shop.owner.ok('getPortalUser', { user: user.id })).status
const linkOf = async (user: Person) => (await world.shop.owner.ok('getPortalUser', { user: user.id })).links[0]!
const contactsOf = async (customer: string) => (await world.shop.owner.ok('getCustomer', { customer })).contacts
const signIn = (user: Person) => world.shop.visitor().call('signInToPortal', { email: user.email, password: PASSWORD })
const ticketOf = (ticket: string) => world.shop.owner.ok('getTicket', { ticket })

describe('archiving a contact', () => {
  it('RS-03 suspends its portal users once that is confirmed, and keeps its tickets', async () => {
    const { ana, contacts } = world
    const ticket = await addTicket(world, { contact: contacts.ana })
    expect(await act('archiveContact')).toMatchObject({ status: 409, body: { code: 'contactIsLinked' } })
    expect(await statusOf(ana)).toBe('active')
    expect((await act('archiveContact', confirmed)).status).toBe(200)
    expect(await statusOf(ana)).toBe('suspended')
    expect((await ana.call('getPortalTicket', { ticket })).status).toBe(401)
    expect((await signIn(ana)).status).toBe(401)
    expect((await ticketOf(ticket)).contact).toMatchObject({ id: contacts.ana })
  })

  it('offers it no more, and gives the customer another primary contact', async () => {
    const { customer, contacts, shop } = world
    await act('archiveContact', confirmed)
    expect(await contactsOf(customer)).toMatchObject([
      { id: contacts.ben, isPrimary: true, status: 'active' },
      { id: contacts.ana, isPrimary: false, status: 'archived' },
    ])
    const { contact } = (await shop.owner.ok('listCustomers')).rows.find(({ id }) => id === customer)!
    expect(contact).toMatchObject({ id: contacts.ben })
    const refused = await shop.owner.call('createTicket', { customer, subject: 'No heat', contact: contacts.ana })
    expect(refused).toMatchObject({ status: 422, body: { fields: { contact: { code: 'choice' } } } })
    const invited = { email: 'new@post.example', customers: [customer], contact: contacts.ana, scope: 'contact' }
    expect((await shop.owner.call('addPortalUser', invited)).status).toBe(422)
  })

  it('RS-03 keeps its users out until it is restored, and then until the office lets them in', async () => {
    const { ana, shop } = world
    await act('archiveContact', confirmed)
    expect(await shop.owner.call('reactivatePortalUser', { user: ana.id })).toMatchObject({
      status: 409,
      body: { code: 'contactGone' },
    })
    expect((await act('restoreContact')).status).toBe(200)
    expect(await statusOf(ana)).toBe('suspended')
    await shop.owner.ok('reactivatePortalUser', { user: ana.id })
    expect((await signIn(ana)).status).toBe(200)
  })
})

describe('moving a contact to another customer', () => {
  it('RS-08 takes no ticket and no access along', async () => {
    const { ana, customer, contacts, shop } = world
    const ticket = await addTicket(world, { contact: contacts.ana })
    const shared = await addTicket(world, { contact: contacts.ben, participants: [contacts.ana] })
    const to = await shop.customer('Quay Apartments')
    expect(await act('moveContact', { to })).toMatchObject({ status: 409, body: { code: 'contactIsLinked' } })
    expect((await act('moveContact', { to, ...confirmed })).status).toBe(200)
    expect(await contactsOf(to)).toMatchObject([{ id: contacts.ana, isPrimary: true }])
    expect((await contactsOf(customer)).map(({ id }) => id)).toEqual([contacts.ben])
    expect(await statusOf(ana)).toBe('suspended')
    expect(await linkOf(ana)).toMatchObject({ customer: { id: customer }, whole: false, contact: null })
    expect((await ticketOf(ticket)).contact).toBeNull()
    expect((await ticketOf(shared)).participants).toEqual([])
    expect(await shop.owner.call('reactivatePortalUser', { user: ana.id })).toMatchObject({ status: 409 })
  })

  it('needs another customer that is in use, and a contact of this one', async () => {
    const { customer, contacts, shop } = world
    const archived = await shop.customer('Old Wharf')
    await shop.owner.ok('archiveCustomer', { customer: archived })
    expect((await act('moveContact', { to: customer, ...confirmed })).status).toBe(422)
    expect(await act('moveContact', { to: archived, ...confirmed })).toMatchObject({
      status: 409,
      body: { code: 'customerArchived' },
    })
    const other = await shop.customer('Quay Apartments')
    const foreign = { customer: other, contact: contacts.ana, to: customer, ...confirmed }
    expect((await shop.owner.call('moveContact', foreign)).status).toBe(404)
    expect((await contactsOf(customer)).map(({ id }) => id)).toContain(contacts.ana)
  })

  it('in both directions at once moves both', async () => {
    const { customer, contacts, shop } = world
    const other = await shop.customer('Quay Apartments')
    const { id: cleo } = await shop.owner.ok('addContact', { customer: other, name: 'Cleo Marsh' })
    const replies = await Promise.all([
      act('moveContact', { to: other, ...confirmed }),
      shop.owner.call('moveContact', { customer: other, contact: cleo, to: customer }),
    ])
    expect(replies.map(({ status }) => status)).toEqual([200, 200])
    expect((await contactsOf(other)).map(({ id }) => id)).toEqual([contacts.ana])
    expect((await contactsOf(customer)).map(({ id }) => id)).toContain(cleo)
  })
})

describe('merging two contacts', () => {
  it('RS-08 gives tickets, participation and portal users to the one that stays', async () => {
    const { ana, ben, customer, contacts } = world
    const own = await addTicket(world, { contact: contacts.ana })
    const bens = await addTicket(world, { contact: contacts.ben, participants: [contacts.ana] })
    expect((await act('mergeContact', { into: contacts.ben })).status).toBe(200)
    expect((await contactsOf(customer)).map(({ id }) => id)).toEqual([contacts.ben])
    expect(await linkOf(ana)).toMatchObject({ whole: false, contact: { id: contacts.ben } })
    for (const person of [ana, ben]) expect((await ticketIds(person)).sort()).toEqual([own, bens].sort())
    expect(await ticketOf(bens)).toMatchObject({ contact: { id: contacts.ben }, participants: [] })
    expect(await statusOf(ana)).toBe('active')
  })

  it('keeps what only the merged one had: email, phone and being the primary contact', async () => {
    const { customer, contacts, shop } = world
    const { version } = await shop.owner.ok('getCustomer', { customer })
    const person = { email: 'ana@post.example', phone: '0117 496 0007' }
    await shop.owner.ok('updateContact', { customer, contact: contacts.ana, version, ...person })
    await act('mergeContact', { into: contacts.ben })
    expect(await contactsOf(customer)).toMatchObject([{ name: 'Ben Okoye', ...person, isPrimary: true }])
  })

  it('PS-40 is for managers, and needs another active contact of the customer', async () => {
    const { customer, contacts, dispatcher, shop } = world
    const body = { customer, contact: contacts.ana, into: contacts.ben }
    expect(await dispatcher.call('mergeContact', body)).toMatchObject({ status: 403, body: { code: 'managersOnly' } })
    const { id: foreign } = await shop.owner.ok('addContact', { customer: await shop.customer(), name: 'Cleo' })
    for (const into of [foreign, contacts.ana]) expect((await act('mergeContact', { into })).status).toBe(422)
    await shop.owner.ok('archiveContact', { customer, contact: contacts.ben, ...confirmed })
    expect((await act('mergeContact', { into: contacts.ben })).status).toBe(422)
    expect((await contactsOf(customer)).map(({ id }) => id)).toContain(contacts.ana)
  })
})

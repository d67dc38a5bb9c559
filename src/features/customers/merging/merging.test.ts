/** Two customers become one: whose records, portal users and secure links they are afterward (5C-11). */
import { beforeEach, describe, expect, it } from 'vitest'
import { linkToContact } from '../../../../test/access-tickets.fixtures.ts'
import type { Person } from '../../../../test/test-server.ts'
import { upload } from '../../jobs/jobs.fixtures.ts'
import { home, open, seen, tokenOf, visit, type LinkWorld } from '../../secure-links/secure-links.fixtures.ts'
import { createMergeWorld, type MergeWorld } from './merging.fixtures.ts'

let world: LinkWorld, quay: LinkWorld
let { versionOf, merge, getCustomer, wholeOf } = {} as MergeWorld

beforeEach(async () => {
  ;({ world, quay, versionOf, merge, getCustomer, wholeOf } = await createMergeWorld())
})

const preview = (into = quay.customer) =>
  world.shop.owner.ok('previewCustomerMerge', { customer: world.customer, into })
const linksOf = async (user: Person) => (await world.shop.owner.ok('getPortalUser', { user: user.id })).links
/** Whoever acts for one contact of a customer, of another one maybe as well. */
const contactOf = async ({ customer, contacts }: LinkWorld, others: LinkWorld[] = []) => {
  const person = await world.shop.portalUser({ name: 'Ana Ruiz', customers: others.map((each) => each.customer) })
  await linkToContact(home, world.shop.id, person.id, { customer, contact: contacts.ana })
  return person
}
const seenOfBoth = async (person: Person) => [await seen(person, world), await seen(person, quay)]

describe('merging two customers', () => {
  it('5C-11 gives every record to the one that goes on, and keeps the other archived', async () => {
    const { shop, customer } = world
    await shop.site(customer, '14 Pelican Quay')
    await shop.owner.ok('addJobComment', { job: world.job, audience: 'customer', body: 'On our way.' })
    expect((await merge()).body).toEqual({ id: quay.customer, version: await versionOf(quay.customer) })
    const survivor = await getCustomer(quay.customer)
    expect(survivor.contacts.map(({ id }) => id).sort()).toEqual(
      [...Object.values(world.contacts), ...Object.values(quay.contacts)].sort(),
    )
    expect(survivor.contacts.filter(({ isPrimary }) => isPrimary).map(({ id }) => id)).toEqual([quay.contacts.ana])
    expect(survivor.sites.map(({ address }) => address)).toEqual(['14 Pelican Quay'])
    expect(survivor.jobs.newest.map(({ id }) => id).sort()).toEqual([world.job, quay.job].sort())
    expect(survivor.office!.mergedFrom).toEqual([{ id: customer, name: 'Dockside Lettings' }])
    const tickets = (await shop.owner.ok('listTickets', { customer: quay.customer })).rows
    expect(tickets).toHaveLength(6)
    expect(await getCustomer(customer)).toMatchObject({
      status: 'archived',
      contacts: [],
      sites: [],
      jobs: { total: 0 },
      office: { mergedInto: { id: quay.customer, name: 'Quay Apartments' } },
      can: { edit: false, restore: false, merge: false, book: false },
    })
  })

  it('5C-11 RS-07 portal users of both see what both had, with comments and files', async () => {
    const { shop, dispatcher } = world
    const [naveed, ruth] = [await wholeOf(world), await wholeOf(quay)]
    const file = (await upload(dispatcher, `/office/${shop.slug}/files`)).body.id
    await dispatcher.ok('addTicketComment', {
      ticket: world.tickets.ana,
      audience: 'customer',
      body: 'Hi',
      files: [file],
    })
    await dispatcher.ok('addJobComment', { job: world.job, audience: 'customer', body: 'On our way.' })
    expect(await seenOfBoth(ruth)).toEqual(['nothing', 'everything'])
    await merge()
    for (const person of [naveed, ruth]) {
      expect(await seenOfBoth(person)).toEqual(['everything', 'everything'])
      const ticket = await person.ok('getPortalTicket', { ticket: world.tickets.ana })
      expect([ticket.comments.length, ticket.files.length]).toEqual([1, 1])
      const job = await person.ok('getPortalJob', { job: world.job })
      expect(job.comments.map(({ body }) => body)).toEqual(['On our way.'])
      expect(job.history.map(({ event }) => event)).toContain('created')
    }
  })

  it('RS-03 5C-11 whoever acts for one contact sees what they saw before', async () => {
    const ana = await contactOf(world)
    expect(await seenOfBoth(ana)).toEqual(['own tickets', 'nothing'])
    await merge()
    expect(await seenOfBoth(ana)).toEqual(['own tickets', 'nothing'])
    expect(await linksOf(ana)).toMatchObject([
      { customer: { id: quay.customer }, whole: false, contact: { id: world.contacts.ana } },
    ])
  })

  it('5C-11 5C-7 whoever is linked to both keeps one link, the narrower', async () => {
    const narrow = await contactOf(world, [quay])
    const other = await contactOf(quay, [world])
    expect(await seenOfBoth(narrow)).toEqual(['own tickets', 'everything'])
    await merge()
    expect(await seenOfBoth(narrow)).toEqual(['own tickets', 'nothing'])
    expect(await seenOfBoth(other)).toEqual(['nothing', 'own tickets'])
    for (const person of [narrow, other]) expect(await linksOf(person)).toMatchObject([{ whole: false }])
  })

  it('5C-11 takes away what one of two links did not allow', async () => {
    const { shop } = world
    const ruth = await wholeOf(world, quay)
    const link = (await linksOf(ruth)).find(({ customer }) => customer.id === world.customer)!.id
    await shop.owner.ok('updatePortalLink', { user: ruth.id, link, permissions: { replyTickets: false } })
    expect((await ruth.call('addPortalTicketComment', { ticket: quay.tickets.ana, body: 'Hello' })).status).toBe(201)
    await merge()
    for (const { tickets } of [world, quay]) {
      const reply = await ruth.call('addPortalTicketComment', { ticket: tickets.ana, body: 'Hello' })
      expect(reply.status).toBe(403)
    }
    expect(await linksOf(ruth)).toHaveLength(1)
  })

  it('keeps a portal user of both out who had no access to one', async () => {
    const { shop } = world
    const ruth = await wholeOf(world, quay)
    const link = (await linksOf(ruth)).find(({ customer }) => customer.id === world.customer)!.id
    const { rows } = await shop.owner.ok('listPermissionGroups')
    const group = rows.find(({ kind }) => kind === 'none')!.id
    await shop.owner.ok('updatePortalLink', { user: ruth.id, link, group })
    await merge()
    expect(await seenOfBoth(ruth)).toEqual(['signed out', 'signed out'])
  })

  it('5C-11 RS-06 ends links without a password of both, and opens none that was closed', async () => {
    const { shop } = world
    const visitors = [await visit(world), await visit(quay), await visit(world, world.contacts.ana)]
    const tokens = [await tokenOf(world), await tokenOf(quay)]
    await merge()
    for (const visitor of visitors) expect(await seenOfBoth(visitor)).toEqual(['signed out', 'signed out'])
    for (const token of tokens) expect((await open(shop.visitor(), token)).status).toBe(409)
    expect(await seenOfBoth(await visit(quay))).toEqual(['everything', 'everything'])
  })

  it('5C-11 the stricter of two lock modes stays, and what was held stays so', async () => {
    const { shop } = world
    await shop.owner.ok('updateLinkLock', { customer: world.customer, lockMode: 'password' })
    await merge()
    expect(await shop.owner.ok('listSecureLinks', { customer: quay.customer })).toMatchObject({ state: 'password' })
  })

  it('the other takes over billing details and notes that it lacks, and search finds it by both', async () => {
    const { shop, customer } = world
    const billing = { email: 'bills@dockside.example', phone: '0117 496 0007' }
    const version = await versionOf(customer)
    await shop.owner.ok('updateCustomer', { customer, version, notes: 'Key under the mat.', billing })
    const own = { billing: { email: 'bills@quay.example' }, notes: 'Pays late.' }
    await shop.owner.ok('updateCustomer', { customer: quay.customer, version: await versionOf(quay.customer), ...own })
    await merge()
    const { office } = await getCustomer(quay.customer)
    expect(office!.billing).toMatchObject({ email: 'bills@quay.example', phone: billing.phone })
    expect(office!.notes).toBe('Pays late.\n\nDockside Lettings:\nKey under the mat.')
    const found = await shop.owner.ok('listCustomers', { search: `ana.${customer}@post.example` })
    expect(found.rows.map(({ id }) => id)).toEqual([quay.customer])
  })

  it('leads on from customers that were merged before', async () => {
    const last = await world.shop.customer('Harbor Trust')
    await merge()
    const version = await versionOf(quay.customer)
    await world.shop.owner.ok('mergeCustomer', { customer: quay.customer, version, into: last })
    for (const { customer } of [world, quay])
      expect((await getCustomer(customer)).office!.mergedInto).toMatchObject({ id: last })
  })
})

describe('before a merge', () => {
  it('5C-11 says who gains sight of what, who keeps less, and changes nothing', async () => {
    const { shop } = world
    const naveed = await shop.portalUser({ name: 'Naveed Aslam', customers: [world.customer] })
    const ruth = await wholeOf(quay)
    const narrow = await contactOf(world, [quay])
    const only = await shop.portalUser({ name: 'Ben Okoye' })
    await linkToContact(home, shop.id, only.id, { customer: quay.customer, contact: quay.contacts.ben })
    await world.dispatcher.ok('createTicket', { customer: world.customer, subject: 'The lift is slow' })
    const said = await preview()
    expect(said).toMatchObject({
      into: { id: quay.customer, name: 'Quay Apartments' },
      version: await versionOf(world.customer),
      moves: { contacts: 2, sites: 0, jobs: 1, tickets: 4, portalUsers: 2 },
      gains: {
        total: 2,
        first: [
          { user: { id: naveed.id }, customer: 'Dockside Lettings', jobs: 1, tickets: 3 },
          { user: { id: ruth.id }, customer: 'Quay Apartments', jobs: 1, tickets: 4 },
        ],
      },
      loses: { total: 1, first: [{ user: { id: narrow.id }, contact: 'Ana Ruiz' }] },
    })
    expect(await seenOfBoth(ruth)).toEqual(['nothing', 'everything'])
    expect(await preview()).toEqual(said)
  })

  it('names the first ten and counts the rest', async () => {
    for (let index = 0; index < 12; index++)
      await world.shop.portalUser({ name: `User ${String(index).padStart(2, '0')}`, customers: [quay.customer] })
    const { gains } = await preview()
    expect([gains.total, gains.first.map(({ user }) => user.name)]).toEqual([
      12,
      Array.from({ length: 10 }, (_, index) => `User 0${index}`),
    ])
  })
})

/** Secure links: what ends their sessions, what visitors may do, and links by email. */
import fc from 'fast-check'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { linkIn } from '../../../test/test-server.ts'
import { isLinkEnough } from './rules.ts'
import { createLinkWorld, enterStage, home, open, seen, tokenOf, visit } from './secure-links.fixtures.ts'

describe('sessions of links', () => {
  it('RS-06 end with the next request once the customer gets a portal user, and stay ended without them', async () => {
    const world = await createLinkWorld()
    const browser = await visit(world)
    expect(await seen(browser, world)).toBe('everything')
    const user = await enterStage(world, 'PU')
    expect(await seen(browser, world)).toBe('signed out')
    await world.shop.owner.ok('removePortalUser', { user: user!.id })
    expect(await seen(browser, world)).toBe('signed out')
  })

  it('PS-48 end when the link is revoked, replaced or expired, the customer archived or the mode changed', async () => {
    const endings: ((world: Awaited<ReturnType<typeof createLinkWorld>>, link: string) => Promise<unknown>)[] = [
      ({ dispatcher, customer }, secureLink) => dispatcher.ok('revokeSecureLink', { customer, secureLink }),
      ({ dispatcher, customer }) => dispatcher.ok('createSecureLink', { customer, replace: true }),
      ({ dispatcher, customer }) => dispatcher.ok('updateLinkLock', { customer, lockMode: 'password' }),
      ({ dispatcher, customer }) => dispatcher.ok('updateLinkLock', { customer, lockMode: null }),
      ({ shop }) =>
        home.stored((db) =>
          db
            .updateTable('secure_links')
            .set({ expires_at: home.clock.now() })
            .where('account_id', '=', shop.id)
            .execute(),
        ),
    ]
    for (const end of endings) {
      const world = await createLinkWorld()
      const browser = await visit(world)
      const [link] = (await world.dispatcher.ok('listSecureLinks', { customer: world.customer })).rows
      await end(world, link!.id)
      expect(await seen(browser, world)).toBe('signed out')
    }
  })

  it('PS-48 end when the visitor leaves, and after a day', async () => {
    const world = await createLinkWorld()
    const [leaving, waiting] = [await visit(world), await visit(world)]
    const before = new Map(leaving.cookies)
    await leaving.ok('signOutOfPortal')
    for (const [name, value] of before) leaving.cookies.set(name, value)
    expect(await seen(leaving, world)).toBe('signed out')
    home.clock.advance(25 * 3600_000)
    expect(await seen(waiting, world)).toBe('signed out')
  })

  it('RS-06 without its last portal user a customer has a new link, once staff open it', async () => {
    const world = await createLinkWorld()
    const { shop, customer, dispatcher } = world
    const old = await tokenOf(world)
    const user = await enterStage(world, 'P1')
    await shop.owner.ok('removePortalUser', { user: user!.id })
    expect((await dispatcher.ok('listSecureLinks', { customer })).state).toBe('held')
    expect((await open(shop.visitor(), old)).body.code).toBe('linkReplaced')
    const next = await tokenOf(world)
    expect((await open(shop.visitor(), next)).body.outcome).toBe('password')
    await dispatcher.ok('updateLinkLock', { customer, lockMode: null })
    expect((await dispatcher.ok('listSecureLinks', { customer })).state).toBe('open')
    expect((await open(shop.visitor(), next)).body.outcome).toBe('opened')
    expect((await open(shop.visitor(), old)).body.code).toBe('linkReplaced')
  })

  it('RS-05 the office sees the state in words: open, or who has a login since when', async () => {
    const world = await createLinkWorld()
    const state = () => world.dispatcher.ok('listSecureLinks', { customer: world.customer })
    expect(await state()).toMatchObject({ state: 'open', login: null })
    await enterStage(world, 'P1')
    expect(await state()).toMatchObject({ state: 'hasLogin', login: { name: 'Ruth Adeyemi' } })
  })
})

describe('what visitors do', () => {
  it('RS-05 a visitor of the customer books, comments and writes tickets, each in the name of the customer', async () => {
    const world = await createLinkWorld()
    const browser = await visit(world)
    const { templates, allowed } = await browser.ok('getBookingOptions')
    expect([allowed, templates.length]).toEqual([true, 1])
    const { jobs } = await browser.ok('createPortalJob', {
      template: templates[0]!.id,
      address: '2 Lockside',
      fields: {},
    })
    const job = await world.dispatcher.ok('getJob', { job: jobs[0]!.id })
    expect(job.createdBy).toMatchObject({ kind: 'linkVisitor', name: 'Dockside Lettings' })
    await browser.ok('addPortalComment', { job: world.job, body: 'Ring twice.' })
    const { id: ticket } = await browser.ok('createPortalTicket', { subject: 'Leak', participants: [] })
    expect(await world.dispatcher.ok('getTicket', { ticket })).toMatchObject({ source: 'link', contact: null })
    expect((await browser.ok('getPortalTicket', { ticket })).createdBy).toMatchObject({ kind: 'you' })
  })

  it('RS-08 a ticket of a visitor as one contact is that contact’s, and there are no jobs for them', async () => {
    const world = await createLinkWorld()
    const browser = await visit(world, world.contacts.ana)
    const { id: ticket } = await browser.ok('createPortalTicket', { subject: 'Leak', participants: [] })
    expect((await world.dispatcher.ok('getTicket', { ticket })).contact).toMatchObject({ id: world.contacts.ana })
    expect((await browser.call('listPortalJobs')).status).toBe(404)
    expect((await browser.ok('listPortalTickets')).rows.map(({ id }) => id).sort()).toEqual(
      [ticket, world.tickets.ana].sort(),
    )
  })

  it('RS-05 the group Visitor decides what visitors may do, from the next request', async () => {
    const world = await createLinkWorld()
    const browser = await visit(world)
    await home.stored(async (db) => {
      const { permissions } = await db
        .selectFrom('permission_groups')
        .select('permissions')
        .where('account_id', '=', world.shop.id)
        .where('kind', '=', 'visitor')
        .executeTakeFirstOrThrow()
      const minimal = Object.fromEntries(Object.keys(permissions as object).map((name) => [name, false]))
      await db
        .updateTable('permission_groups')
        .set({ permissions: JSON.stringify({ ...minimal, viewTickets: true, createTickets: true }) })
        .where('account_id', '=', world.shop.id)
        .where('kind', '=', 'visitor')
        .execute()
    })
    expect((await browser.ok('getPortal')).visitor!.can).toEqual({
      viewJobs: false,
      createJobs: false,
      viewTickets: true,
      createTickets: true,
    })
    expect((await browser.call('getPortalJob', { job: world.job })).status).toBe(404)
    const reply = await browser.call('addPortalTicketComment', { ticket: world.tickets.ana, body: 'x' })
    expect(reply.body.code).toBe('replyingNotAllowed')
  })

  it('PS-42 a visitor has no profile, sessions or password', async () => {
    const browser = await visit(await createLinkWorld())
    for (const name of ['getPortalProfile', 'listPortalSessions', 'getCurrentPortalUser'] as const)
      expect((await browser.call(name)).status).toBe(404)
  })

  it('RS-06 a lock that closes while a visitor books ends the booking, or lets it finish first', async () => {
    const world = await createLinkWorld()
    const browser = await visit(world)
    const { templates } = await browser.ok('getBookingOptions')
    const booking = { template: templates[0]!.id, address: '77 Orchard Lane', fields: {} }
    const [booked] = await Promise.all([browser.call('createPortalJob', booking), enterStage(world, 'P1')])
    expect([200, 201, 401]).toContain(booked.status)
    expect((await browser.call('createPortalJob', booking)).status).toBe(401)
    const { rows } = await world.dispatcher.ok('listJobs', { search: 'Orchard' })
    expect(rows).toHaveLength(booked.status === 401 ? 0 : 1)
  })
})

describe('links by email', () => {
  const request = async (world: Awaited<ReturnType<typeof createLinkWorld>>, email: string) => {
    const reply = await world.shop.visitor().call('requestSecureLink', { email })
    return { status: reply.status, text: reply.text, mails: await home.mailTo(email) }
  }

  it('PS-46 go only to an address on file, and every address gets the same answer', async () => {
    const world = await createLinkWorld()
    const known = await request(world, `ana.${world.customer}@post.example`)
    const stranger = await request(world, `nobody.${world.customer}@post.example`)
    expect([known.status, known.text]).toEqual([stranger.status, stranger.text])
    expect([known.mails.length, stranger.mails.length]).toEqual([1, 0])
    const token = linkIn(known.mails[0], /https?:\/\/\S+\/link\/[\w-]{43}/)
      .split('/')
      .at(-1)!
    const browser = world.shop.visitor()
    await browser.ok('openSecureLink', { token })
    expect(['own tickets', 'everything']).toContain(await seen(browser, world))
  })

  it('PS-56 each recipient has a link of their own, which stays the same while it is valid', async () => {
    const world = await createLinkWorld()
    const tokens = new Set<string>()
    for (const email of ['ana', 'ben', 'ben'].map((name) => `${name}.${world.customer}@post.example`))
      tokens.add(linkIn((await request(world, email)).mails.at(-1), /https?:\/\/\S+\/link\/[\w-]{43}/))
    expect(tokens.size).toBe(2)
  })

  it('RS-06 are not sent once the customer has a portal user', async () => {
    const world = await createLinkWorld()
    await enterStage(world, 'PU')
    expect((await request(world, `ana.${world.customer}@post.example`)).mails).toEqual([])
  })
})

describe('the rule', () => {
  it('RS-06 is the same in the database, for any portal users, modes and settings', async () => {
    const world = await createLinkWorld()
    const { shop, customer } = world
    const mode = fc.constantFrom('automatic', 'automatic', 'password', 'closed' as const)
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          enabled: fc.constantFrom(true, true, false),
          archived: fc.constantFrom(false, false, true),
          own: fc.option(mode),
          account: mode,
          held: fc.constantFrom(false, false, true),
          countUnclaimed: fc.boolean(),
          scope: fc.constantFrom('whole', 'contact', 'record' as const),
          recordLinksAlone: fc.boolean(),
          users: fc.array(fc.constantFrom('active', 'invited', 'removed'), { maxLength: 2 }),
        }),
        async (given) => {
          for (const status of given.users) await shop.portalUser({ customers: [customer], status, signedIn: false })
          const inDatabase = await home.stored(async (db) => {
            await db
              .updateTable('portal_settings')
              .set({
                enabled: given.enabled,
                lock_mode: given.account,
                count_unclaimed: given.countUnclaimed,
                record_links_alone: given.recordLinksAlone,
              })
              .where('account_id', '=', shop.id)
              .execute()
            await db
              .updateTable('customers')
              .set({
                status: given.archived ? 'archived' : 'active',
                lock_mode: given.own,
                link_held: given.held,
              })
              .where('id', '=', customer)
              .execute()
            const row = await db
              .selectFrom('customers as c')
              .innerJoin('portal_settings as p', 'p.account_id', 'c.account_id')
              .select(sql<boolean>`is_link_open(c, p, ${given.scope})`.as('isEnough'))
              .where('c.id', '=', customer)
              .executeTakeFirstOrThrow()
            await db.deleteFrom('portal_links').where('customer_id', '=', customer).execute()
            return row.isEnough
          })
          expect(inDatabase).toBe(
            isLinkEnough(
              {
                portalEnabled: given.enabled,
                isArchived: given.archived,
                lockMode: given.own ?? given.account,
                isHeld: given.held,
                countUnclaimed: given.countUnclaimed,
                recordLinksAlone: given.recordLinksAlone,
                users: given.users
                  .filter((status) => status !== 'removed')
                  .map((status) => ({ isActivated: status === 'active' })),
              },
              given.scope,
            ),
          )
        },
      ),
      { numRuns: 60 },
    )
  })
})
